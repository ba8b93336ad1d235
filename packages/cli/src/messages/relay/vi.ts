import type { RelayTexts, relayHelpEn } from './en.ts';

/** What `congvan relay user`, `serve` and `alerts` print, Vietnamese. */
export const relayVi: RelayTexts = {
  passwordOf: (name) => `mật khẩu của ${name}`,
  account: 'tài khoản',
  language: 'ngôn ngữ',
  scope: 'phạm vi',
  everything: 'tất cả',
  tokenUntil: 'mã truy cập đến',
  accountAdded: 'đã thêm tài khoản',
  accountRemoved: 'đã xóa tài khoản; phiên và mã truy cập của tài khoản hết hiệu lực',
  passwordChanged: 'đã đổi mật khẩu; các phiên của tài khoản đã kết thúc',
  tokenRevoked: 'đã hủy mã truy cập',
  tokenOnce: 'mã truy cập chỉ hiện một lần này và không được lưu ở đâu',
  noAccounts: 'chưa có tài khoản nào; `congvan relay user add TÊN` tạo tài khoản',
  serves: 'phục vụ trang và API',
  firstAccount: 'chưa ai đăng nhập được: `congvan relay user add TÊN --role auditor`',
  timeStampLacks:
    'một tệp chứng cứ được lập không có dấu thời gian: dịch vụ trong CONGVAN_TSA không cấp được',
  noTimeStamp:
    'tệp chứng cứ tải từ các trang này không kiểm tra được nữa khi chứng thư số của trạm hết hạn: đặt CONGVAN_TSA là địa chỉ dịch vụ dấu thời gian',
  severity: 'mức độ',
  severities: { warning: 'cảnh báo', critical: 'nghiêm trọng' },
  since: 'từ',
  until: 'đến',
  about: 'về',
  whatToDo: 'việc cần làm',
  noAlerts: 'không có cảnh báo nào',
};

/** Their texts of `--help`. */
export const relayHelpVi: typeof relayHelpEn = {
  commandTexts: {
    relayServe: 'phục vụ trang và API từ thư mục của trạm, không nhận báo cáo',
    relayUser: 'những ai được đăng nhập vào trang và API của trạm',
    relayUserAdd: 'thêm tài khoản; mật khẩu được hỏi',
    relayUserList: 'liệt kê tài khoản',
    relayUserRemove: 'xóa tài khoản cùng các phiên và mã truy cập',
    relayUserPassword: 'đổi mật khẩu của tài khoản; các phiên kết thúc',
    relayUserToken: 'cấp mã truy cập mới cho chương trình; mã trước hết hiệu lực',
    relayAlerts: 'liệt kê những gì trạm thấy không ổn',
  },
  argumentTexts: { accountName: 'tên tài khoản' },
  optionTexts: {
    http: 'phục vụ trang và API tại địa chỉ này, ví dụ 8443 hoặc 0.0.0.0:8443; chỉ ghi cổng thì là trên 127.0.0.1',
    httpCertificate:
      'chuỗi chứng thư số của máy chủ HTTP, PEM; bắt buộc khi không phải địa chỉ nội bộ',
    httpKey: 'khóa riêng tương ứng, PEM không có mật khẩu, chỉ chủ sở hữu đọc được',
    role: 'tài khoản thấy gì: mọi thứ trong phạm vi (auditor), cả tình trạng của trạm (operator), chính mình (agency)',
    scope: 'chỉ cơ quan này và các cơ quan bên dưới; với vai agency là chính cơ quan đó',
    accountLanguage: 'ngôn ngữ của trang',
    passwordFile: 'tệp có mật khẩu ở dòng đầu; /dev/stdin đọc từ đầu vào chuẩn',
    tokenDays: 'số ngày mã truy cập có hiệu lực',
    revokeToken: 'hủy mã truy cập, không cấp mã mới',
    allAlerts: 'cả cảnh báo đã đóng, mới nhất trước',
  },
};
