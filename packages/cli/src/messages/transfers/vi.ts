import type { TransferTexts } from './en.ts';

/** Những gì được tải lên, tải về ngoài thông điệp. */
export const transfersVi: TransferTexts = {
  direction: '',
  up: 'tải lên',
  down: 'tải về',
  done: 'đã xong',
  size: 'dung lượng',
  rate: 'tốc độ',
  left: 'còn lại',
  waitsFor: 'đang chờ',
  none: 'không có gì đang tải lên hay tải về',
  uploading: 'đang tải lên',
  waiting: 'đang chờ văn bản rời đi',
  stopped:
    'không hiển thị nữa; phần mềm nút vẫn làm tiếp, `congvan agent transfers` cho biết đến đâu',
  gone: 'văn bản đã rời đi; `congvan track` cho biết biên nhận',
  waits: {
    agent: 'phần mềm nút đang chạy',
    broker: 'máy chủ trung chuyển',
    turn: 'đến lượt',
    quota: 'chỗ trong phần dành cho cơ quan này tại máy chủ trung chuyển',
    room: 'chỗ trống tại máy chủ trung chuyển',
    disk: 'chỗ trống trên đĩa này',
    judgement: 'thứ cần để kiểm tra, như khóa hoặc danh sách thu hồi',
    sender: 'dữ liệu của bên gửi',
    file: 'một tệp không đọc được tại đây',
    retry: 'lần thử tiếp theo',
  },
};
