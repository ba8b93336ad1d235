import type { ConditionCode, ConditionFacts } from '@congvan/node-agent';

import type { ConditionTexts } from './en.ts';

interface Words {
  readonly detail: (facts: ConditionFacts) => string;
  readonly action: string | null;
}

const WORDS: Readonly<Record<ConditionCode, Words>> = {
  BROKER_UNREACHABLE: {
    detail: (f) => `không nối được tới ${f['servers']}; thử lại lúc ${f['nextTry']}`,
    action: null,
  },
  OFFLINE_LONG: {
    detail: (f) =>
      `${f['days']} ngày không nối được trục; ${f['waiting']} thông điệp được giữ và sẽ đi khi nối lại`,
    action: 'kiểm tra đường truyền và địa chỉ máy chủ; không phải gửi lại gì',
  },
  CREDENTIALS_EXPIRED: {
    detail: (f) => `trục từ chối thông tin đăng nhập đã hết hạn lúc ${f['expiredAt']}`,
    action: 'xin thông tin đăng nhập mới; có tệp mới là phần mềm nút tự dùng ngay',
  },
  CREDENTIALS_EXPIRING: {
    detail: (f) => `thông tin đăng nhập hết hạn lúc ${f['expiresAt']}`,
    action: 'gia hạn trước ngày đó',
  },
  CREDENTIALS_REVOKED: {
    detail: (f) => `trục từ chối ${f['name']} dù thông tin đăng nhập còn hạn`,
    action: 'hỏi đơn vị vận hành xem có bị thu hồi không và vì sao; chỉ họ cấp lại được',
  },
  BROKER_CERTIFICATE_EXPIRED: {
    detail: (f) => `chứng thư của máy chủ ${f['servers']} đã hết hạn lúc ${f['endedAt']}`,
    action:
      'kiểm tra đồng hồ máy này trước; nếu đúng giờ thì báo đơn vị vận hành thay chứng thư của máy chủ',
  },
  BROKER_UNTRUSTED: {
    detail: (f) => `máy chủ trả lời ở ${f['servers']} có chứng thư không tin cậy (${f['reason']})`,
    action:
      'đối chiếu địa chỉ trong agent.json; nhận chứng thư nơi cấp trực tiếp từ đơn vị vận hành, không lấy từ đường truyền',
  },
  CERTIFICATE_REFUSED: {
    detail: (f) =>
      `máy chủ ${f['servers']} từ chối chứng thư TLS của cơ quan (${f['reason']}); hạn của chứng thư: ${f['ownEndsAt'] === 'none' ? 'không có chứng thư' : f['ownEndsAt']}`,
    action:
      'xin đơn vị vận hành cấp lại: họ chạy congvan agency enrol --replace, ở đây chạy congvan agent enrol',
  },
  CLOCK_WRONG: {
    detail: (f) => {
      const offset = Number(f['offsetSeconds']);
      if (f['certificateFrom'] !== undefined) {
        return `đồng hồ máy này chưa đến ngày chứng thư của máy chủ có hiệu lực (${f['certificateFrom']}), chậm ít nhất ${offset} giây`;
      }
      return `đồng hồ máy này ${offset > 0 ? 'chậm' : 'nhanh'} ${Math.abs(offset)} giây so với trục`;
    },
    action: 'chỉnh giờ (NTP); cho đến lúc đó không cấp số, không ký văn bản mới',
  },
  DISK_FULL: {
    detail: (f) => `hết chỗ trong ${f['folder']}; không nhận thêm gì`,
    action: 'dọn chỗ trên ổ đĩa; phần mềm nút tự làm tiếp',
  },
  DATABASE_LOCKED: {
    detail: (f) => `tiến trình khác đang giữ quyền ghi ${f['file']}`,
    action: 'dừng chương trình đang giữ tệp; phần mềm nút tự làm tiếp',
  },
  DATABASE_FAILING: {
    detail: (f) => `cơ sở dữ liệu báo ${f['error']}`,
    action: 'kiểm tra ổ đĩa; nếu còn lỗi thì phục hồi từ bản sao lưu gần nhất',
  },
  STREAM_FULL: {
    detail: (f) => `kho của trục đã đầy (${f['error']}); thông điệp được giữ và thử lại`,
    action: 'báo đơn vị vận hành: congvan bus doctor chỉ cách xử lý',
  },
  SITE_SERVICE_SILENT: {
    detail: (f) =>
      f['lastAnswer'] === 'never'
        ? 'dịch vụ của trục chưa trả lời lần nào'
        : `dịch vụ của trục không trả lời từ ${f['lastAnswer']}`,
    action: 'báo đơn vị vận hành rằng dịch vụ không chạy',
  },
  DIRECTORY_STALE: {
    detail: (f) => `danh bạ được cập nhật lần cuối lúc ${f['refreshedAt']}`,
    action: 'báo đơn vị vận hành; vẫn gửi được cho cơ quan đã biết',
  },
  CERTIFICATE_EXPIRING: {
    detail: (f) => `chứng thư ${f['use']} hết hạn lúc ${f['expiresAt']}`,
    action: 'gia hạn trước ngày đó',
  },
  RESTORED: {
    detail: (f) =>
      `trung tâm theo dõi có báo cáo đến số ${f['relayHas']}, ở đây mới đến ${f['here']}: đây là bản sao cũ`,
    action: 'chờ phần mềm nút hỏi lại những số đã dùng; trước đó không cấp số nào',
  },
  SENDER_LIMITED: {
    detail: (f) => `${f['sender']} gửi quá nhiều thông điệp hỏng trong ngày (${f['count']})`,
    action: 'xem congvan inbox --quarantine và báo cho cơ quan đó',
  },
  MESSAGES_HELD: {
    detail: (f) =>
      `${f['count']} thông điệp chưa kiểm tra được, cũ nhất của ${f['sender']}: ${f['reason']}`,
    action: 'xem congvan inbox --held; nếu thiếu thì đưa danh sách thu hồi mới vào thư mục tin cậy',
  },
  DEAD_LETTERS: {
    detail: (f) => `${f['count']} thông điệp không tới được, chờ người xử lý`,
    action: 'congvan outbox liệt kê; outbox retry MÃ hoặc outbox give-up MÃ --reason',
  },
};

/** Vietnamese. */
export const conditionsVi: ConditionTexts = {
  heading: 'có vấn đề',
  none: 'không có',
  since: 'từ',
  connectedAt: 'kết nối gần nhất',
  rate: 'tốc độ gửi',
  perMinute: (urgent, normal) => `mỗi phút ${urgent} khẩn, ${normal} thường`,
  trace: 'mã vết',
  queued: 'hàng chờ',
  ahead: (count, wait) =>
    wait === undefined
      ? `đang chờ, còn ${count} trước`
      : `đang chờ, còn ${count} trước, khoảng ${wait}`,
  next: 'sắp gửi',
  seconds: (count) => `${count} giây`,
  minutes: (count) => `${count} phút`,
  hours: (count) => `${count} giờ`,
  retried: 'thử lại ngay, và trong 30 ngày nữa',
  givenUp: 'đã thôi gửi',
  words: (code, facts) => {
    const { detail, action } = WORDS[code];
    return { detail: detail(facts), action };
  },
};
