import type { AlertCode, BothLanguages } from './types.ts';

/** What the sentences are made of. */
export type AlertValues = Readonly<Record<string, string | number>>;

interface AlertTexts {
  readonly detail: (values: AlertValues) => BothLanguages;
  readonly action: BothLanguages;
}

const percent = (value: string | number | undefined, language: string): string =>
  new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2 }).format(
    Number(value ?? 0),
  );

function backlogDetail(what: string, count: string): BothLanguages {
  switch (what) {
    case 'watermarks':
      return {
        vi: `${count} cơ quan chưa nhận được xác nhận rằng báo cáo đã đến`,
        en: `${count} agencies wait for the word that their reports are in`,
      };
    case 'pending':
      return {
        vi: `${count} báo cáo còn nằm ở máy chủ NATS, trạm chưa nhận`,
        en: `${count} reports are at the broker and not taken in yet`,
      };
    case 'broker':
      return { vi: 'mất kết nối tới máy chủ NATS', en: 'the broker is not connected' };
    default:
      return {
        vi: `báo cáo đến trễ ${count} phút so với lúc máy chủ NATS lưu`,
        en: `reports are taken in ${count} minutes after the broker stored them`,
      };
  }
}

export const ALERT_TEXTS: Readonly<Record<AlertCode, AlertTexts>> = {
  AGENCY_SILENT: {
    detail: ({ agency, days, last }) => ({
      vi: `${agency}: ${days} ngày làm việc không có báo cáo (lần cuối ${last})`,
      en: `${agency}: no report for ${days} working days (last one ${last})`,
    }),
    action: {
      vi: 'hỏi văn thư của cơ quan xem phần mềm có chạy không; `congvan doctor` trên máy đó cho biết lý do',
      en: 'ask the agency whether its agent runs; `congvan doctor` there says why not',
    },
  },
  BACKLOG: {
    detail: ({ what, count }) => backlogDetail(String(what), String(count)),
    action: {
      vi: 'xem tải của máy và nhật ký của trạm; báo cáo vẫn nằm ở máy chủ NATS, không mất',
      en: 'look at the load of the machine and the log of the relay; the broker keeps the reports',
    },
  },
  STORAGE_FAILING: {
    detail: ({ error }) => ({
      vi: `không lưu được báo cáo mới: ${error}`,
      en: `new reports cannot be stored: ${error}`,
    }),
    action: {
      vi: 'giải phóng đĩa hoặc thay đĩa; trạm tự tiếp tục khi lưu được',
      en: 'make room or replace the disk; the relay goes on by itself',
    },
  },
  CERTIFICATE_EXPIRES: {
    detail: ({ owner, use, day }) => ({
      vi: `chứng thư số (${use}) của ${owner} hết hạn ngày ${day}`,
      en: `a certificate (${use}) of ${owner} ends on ${day}`,
    }),
    action: {
      vi: 'gia hạn bằng `congvan ca renew`, hoặc để phần mềm của cơ quan tự gia hạn',
      en: 'renew it with `congvan ca renew`, or let the agent of the agency renew it',
    },
  },
  CLOCK_SKEW: {
    detail: ({ agency, minutes, direction }) => ({
      vi: `đồng hồ của ${agency} ${direction === 'ahead' ? 'nhanh' : 'chậm'} khoảng ${minutes} phút`,
      en: `the clock of ${agency} is about ${minutes} minutes ${direction === 'ahead' ? 'ahead' : 'behind'}`,
    }),
    action: {
      vi: 'bật đồng bộ thời gian (NTP) trên máy của cơ quan',
      en: 'turn on time synchronisation (NTP) on the machine of the agency',
    },
  },
  DISK_LOW: {
    detail: ({ free }) => ({
      vi: `đĩa của trạm còn trống ${percent(free, 'vi')}`,
      en: `${percent(free, 'en')} of the relay's disk is free`,
    }),
    action: { vi: 'giải phóng hoặc mở rộng đĩa', en: 'make room, or a larger disk' },
  },
  LOG_LARGE: {
    detail: ({ mib }) => ({
      vi: `nhật ký ghi (WAL) của cơ sở dữ liệu đã tới ${mib} MiB: có chương trình đọc quá lâu`,
      en: `the log (WAL) of the database has ${mib} MiB: some program reads for too long`,
    }),
    action: {
      vi: 'xem chương trình nào đang mở relay.sqlite (`lsof`), như một bản sao lưu chậm, và đợi hoặc dừng nó',
      en: 'see which program has relay.sqlite open (`lsof`), such as a slow backup, and wait for it or end it',
    },
  },
  SHARE_UNDER_TARGET: {
    detail: ({ agency, month, rate, target }) => ({
      vi: `${agency}, tháng ${month}: ${percent(rate, 'vi')} gửi điện tử, mục tiêu ${percent(target, 'vi')}`,
      en: `${agency}, ${month}: ${percent(rate, 'en')} sent electronically, target ${percent(target, 'en')}`,
    }),
    action: {
      vi: 'xem cơ quan này còn gửi giấy cho ai: `congvan stats deliveries`',
      en: 'see whom it still sends paper to: `congvan stats deliveries`',
    },
  },
  CONTRADICTION: {
    detail: ({ agency, count, kinds }) => ({
      vi: `${agency}: ${count} lời khai trái với lời khai trước (${kinds})`,
      en: `${agency}: ${count} statements contradict earlier ones (${kinds})`,
    }),
    action: {
      vi: 'hỏi cơ quan: có thể máy được khôi phục từ bản sao cũ, hoặc khóa bị lộ',
      en: 'ask the agency: an older copy may have been put back, or its key may be in other hands',
    },
  },
  GAPS_GROW: {
    detail: ({ agency, missing, before }) => ({
      vi: `${agency}: ${missing} số văn bản không có dấu vết, tuần trước ${before}`,
      en: `${agency}: ${missing} numbers without a trace, ${before} a week before`,
    }),
    action: {
      vi: 'yêu cầu cơ quan ghi số đã gửi giấy (`congvan register paper`) hoặc hủy số (`congvan register void`)',
      en: 'have the agency enter what left on paper (`congvan register paper`) or void numbers (`congvan register void`)',
    },
  },
};
