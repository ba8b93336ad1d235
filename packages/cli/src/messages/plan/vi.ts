import { type PlanTexts, gib } from './en.ts';

/** Lời của `congvan bus plan|apply|status|doctor`, tiếng Việt. */
export const planVi: PlanTexts = {
  changes: { made: 'đã tạo', changed: 'đã đổi', same: 'như cũ' },
  wouldBe: { made: 'sẽ được tạo', changed: 'sẽ đổi', same: 'như cũ' },
  streamChanges: { none: 'đúng kế hoạch', made: 'đã tạo', changed: 'đã đổi' },
  states: { ok: 'tốt', warn: 'cảnh báo', fail: 'HỎNG' },
  file: 'tệp',
  stream: 'luồng',
  place: 'nơi',
  server: 'máy chủ',
  about: 'về',
  version: 'phiên bản',
  store: 'kho đã dùng',
  leads: 'tốt, dẫn đầu',
  fill: 'đầy',
  messages: 'thông điệp',
  sources: 'nguồn: đang chờ, nghe lần cuối',
  agencies: 'cơ quan',
  finding: 'thấy gì',
  notReached: (error) => `không tới được: ${error}`,
  never: 'chưa bao giờ',
  leftOver: (path) => `'${path}' thuộc kế hoạch cũ; hãy xoá khi không còn gì dùng nó`,
  nextFiles: (folder) =>
    `chép từng thư mục dưới '${folder}/servers' và '${folder}/sites' sang máy của nó; '${folder}/keys' ở lại đây, thêm một bản trong két`,
  nextReload: 'máy chủ nào đổi cấu hình thì khởi động lại, lần lượt từng máy',
  nextApply: (folder) => `khi các máy chủ đã chạy: \`congvan bus apply ${folder}\``,
  noPlace: (name, known) => `không có nơi '${name}'; chỉ có ${known}`,
  noPlan: (folder) => `'${folder}' không có kế hoạch nào`,
  siteRuns: (folder) => `đã có tiến trình khác chạy dịch vụ điểm của '${folder}'`,
  tookAccount: (server) => `${server}: đã nhận tài khoản mới`,
  rotateNext: (site) =>
    `chép tệp vào 'bus/operator' trong thư mục của ${site}, chạy lại \`congvan site run\`, rồi \`congvan agency enrol --replace\` cho từng cơ quan`,
  takenOverNext: (folder, place) =>
    `chép 'leaf.creds' và 'nats-server.conf' của các máy chủ vào '/etc/congvan' trên máy sạch, chép 'site-service.creds' như khóa ký; khi các máy chủ đã chạy: \`congvan bus apply ${folder} --place ${place}\``,
  configsNext: (files) =>
    `chép ${files} thay tệp cũ trên từng máy đó; máy chủ đang chạy đã biết rồi, không cần khởi động lại, nhưng máy chủ mất thư mục dữ liệu sẽ khởi động từ tệp này`,
  removed: 'đã xóa quyền kết nối',
  userKeyWanted: (code) =>
    `ở đây không biết khóa đăng nhập trục của ${code}: ghi --user-key và --site`,
  noCentre: (folder) =>
    `'${folder}' không có kế hoạch của trung tâm; hãy chép 'centre/home' trong thư mục mà \`congvan bus plan\` đã ghi`,
  tlsWanted:
    'máy chủ dùng TLS; ghi --tls-ca và --tls-p12, hoặc dùng thư mục (--home) giữ nơi cấp chứng thư',
  centralBoth: 'ghi cả hai: --central-server và --central-credentials',
  found: {
    unreachable: ({ reason }) => `không trả lời: ${reason}`,
    version: ({ version }) => `nats-server ${version}`,
    'version-unsupported': ({ version, wanted }) =>
      `nats-server ${version}; vận hành thật cần ${wanted} trở lên`,
    'stream-missing': () => 'không có',
    'stream-full': ({ percent }) => `đã đầy ${percent} %`,
    'stream-full-by-sources': ({ percent, source, sourceMessageCount, messageCount }) =>
      source === undefined
        ? `đã đầy ${percent} %`
        : `đã đầy ${percent} %; ${sourceMessageCount} trong ${messageCount} thông điệp đến từ ${source}`,
    'stream-no-leader': () => 'không có máy chủ dẫn đầu: quá ít máy đang chạy',
    'stream-stale-copy': ({ count, lag, streams }) =>
      `bản sao của ${count} luồng trên máy này chậm hơn, nhiều nhất ${lag} mục: ${streams}`,
    'source-silent': ({ source, seconds, lag }) =>
      `${source} ${seconds === -1 ? 'chưa từng nghe thấy' : `im lặng ${seconds} giây`}, ${lag} đang chờ`,
    'source-error': ({ source, error }) => `${source}: ${error}`,
    accounts: ({ count }) => `có đúng ${count} tài khoản của bộ khóa`,
    'server-unread': ({ reason }) => `không cho biết tình trạng: ${reason}`,
    'another-server': ({ answered }) => `${answered} trả lời ở địa chỉ của máy này`,
    jetstream: ({ percent, usedBytes, maxBytes }) =>
      `kho đã dùng ${percent} % (${gib(usedBytes)} trên ${gib(maxBytes)})`,
    'jetstream-off': () => 'chạy không có JetStream: không lưu được gì',
    'store-full': ({ percent, usedBytes, maxBytes }) =>
      `kho đã đầy ${percent} % (${gib(usedBytes)} trên ${gib(maxBytes)})`,
    cluster: ({ leader }) => `máy dẫn đầu là ${leader}`,
    'cluster-no-leader': () => 'các máy không có máy dẫn đầu: không tạo hay đổi được gì',
    'peer-down': () =>
      'các máy khác cũng không nghe thấy máy này: thêm một máy nữa dừng là không lưu được gì',
    'peer-apart': () => 'trả lời ở đây, nhưng các máy khác không nghe thấy: bị coi là đã mất',
    'peer-unplanned': () => 'được tính là một máy của cụm nhưng không có trong kế hoạch',
    'account-missing': ({ accounts }) => `không biết ${accounts}`,
    'account-older': ({ accounts }) =>
      `${accounts} ở đó cũ hơn trong bộ khóa: ai bị thu hồi từ sau đó vẫn vào được`,
    'account-newer': ({ accounts }) =>
      `${accounts} ở đó mới hơn trong bộ khóa: bộ khóa ở đây là bản sao cũ`,
    'site-service': () => 'dịch vụ điểm trả lời',
    'site-service-silent': () => 'không có dịch vụ điểm nào trả lời',
    'centre-service': () => 'dịch vụ trung tâm đang đọc',
    'centre-service-silent': () => 'không có dịch vụ trung tâm nào đang đọc',
    'presence-old': ({ minutes }) =>
      `danh sách cơ quan có mặt do dịch vụ điểm ở đây ghi từ ${minutes} phút trước`,
    'agencies-silent': ({ count, agencies }) =>
      `${count} cơ quan có thư chưa đọc mà không ai đọc: ${agencies}`,
    'agencies-stuck': ({ count, agencies }) =>
      `${count} cơ quan đọc nhưng không xác nhận: ${agencies}`,
    probe: ({ roundTripMs, copyCount }) =>
      `ghi và đọc lại một thông điệp trên ${copyCount} máy trong ${roundTripMs} ms`,
    'probe-failed': ({ reason }) => `không ghi và đọc lại được thông điệp: ${reason}`,
    clock: ({ differenceMs }) => `đồng hồ lệch ${differenceMs} ms`,
    certificate: ({ days }) => `chứng thư TLS: còn ${days} ngày`,
    'certificate-unread': () => 'không đọc được chứng thư TLS',
    credentials: ({ days }) =>
      days === -1 ? 'quyền kết nối không thời hạn' : `quyền kết nối: còn ${days} ngày`,
    disk: ({ freeBytes, stillWanted }) =>
      `còn trống ${gib(freeBytes)}, kho còn có thể lấy ${gib(stillWanted)}`,
    'disk-elsewhere': ({ dataFolder, storeBytes }) =>
      `không thấy được từ máy này: xem ở đó bằng \`df ${dataFolder}\`; kho có thể lấy ${gib(storeBytes)}`,
  },
  todo: {
    unreachable:
      'xem máy chủ và đường truyền: `systemctl status congvan-nats`, tường lửa, tên máy; điểm vẫn làm việc khi không có trung tâm',
    version: '',
    'version-unsupported': 'nâng cấp lần lượt từng máy: docs/how-to/upgrade-nats-server.md',
    'stream-missing':
      '`congvan bus apply` tạo lại và trao lại các tài khoản, vì đĩa hỏng đã mất cả hai; tác tử sẽ gửi lại những gì từng ở đó',
    'stream-full':
      'khi đầy thì nơi gửi bị từ chối; tăng dung lượng trong bản mô tả rồi apply, và xem ai gửi nhiều như vậy: nhận thư không làm trống chỗ, thông điệp chỉ rời đi sau 30 ngày, mục danh bạ trong luồng DIR_ thì không bao giờ',
    'stream-full-by-sources':
      'không ai bị từ chối: thư của các nơi khác chờ trong luồng của điểm mình; xem điểm đó gửi gì (không thấy tên: xem luồng DIR_ nào đầy nhất), cắt đường truyền nếu điểm đó đã bị chiếm (`congvan bus rotate-signer --taken-over`), tăng dung lượng trong bản mô tả rồi apply; nhận thư không làm trống chỗ, thông điệp chỉ rời đi sau 30 ngày, mục trong DIRX và DIRIN_ thì không bao giờ',
    'stream-no-leader': 'khởi động các máy đang tắt: phải chạy hai trong ba máy',
    'stream-stale-copy':
      'chờ một phút; nếu vẫn vậy, xem nhật ký, đĩa của máy đó và đường truyền giữa các máy',
    'source-silent':
      'xem đường truyền tới điểm đó; nếu đường truyền tốt, `congvan bus apply` sẽ hỏi lại nguồn từ đầu',
    'source-error': 'xem kết nối leaf trong nhật ký máy chủ và tệp leaf.creds',
    accounts: '',
    'server-unread':
      'xem nhật ký của máy; máy đứng yên thì phải dừng hẳn (kill -9) rồi khởi động lại',
    'another-server': 'sửa tên, host và cổng trong bản mô tả, hoặc nơi mà tên đó trỏ tới',
    jetstream: '',
    'jetstream-off': 'tìm trong nhật ký lần ghi bị lỗi, dọn chỗ hoặc sửa đĩa, rồi khởi động lại',
    'store-full':
      'cho thêm chỗ: `store` trong bản mô tả, rồi khởi động lại máy; xem luồng nào đầy nhất',
    cluster: '',
    'cluster-no-leader':
      'khởi động các máy đang dừng và xem cổng cụm giữa chúng: phải có hai trên ba máy chạy và nghe thấy nhau',
    'peer-down':
      'khởi động lại máy; nếu đã mất đĩa, khởi động máy trống với cùng tên và chạy `congvan bus apply`: dữ liệu được chép lại từ các máy khác',
    'peer-apart': 'xem cổng cụm giữa các máy (tường lửa, tên, chứng thư) và nhật ký của máy',
    'peer-unplanned':
      'khởi động lại, hoặc nếu đã bỏ hẳn thì loại ra bằng công cụ `nats`: `nats server raft peer-remove NAME`; khi còn được tính thì số máy khác được phép dừng ít đi',
    'account-missing': '`congvan bus apply FOLDER --place NƠI` trao tài khoản cho máy chủ',
    'account-older':
      'chạy ngay `congvan bus apply FOLDER --place NƠI` để trao lại; chép `nats-server.conf` mới nhất của kế hoạch vào máy đó',
    'account-newer':
      'đặt lại bản sao mới nhất của `keys/` trong kế hoạch; nếu không có thì làm lại từng lệnh `bus rotate-signer` từ sau bản sao, rồi `congvan bus apply FOLDER --place NƠI`: lệnh này lấy lại từ máy chủ những ai đã bị thu hồi',
    'site-service': '',
    'site-service-silent':
      'chạy `congvan site run` trong thư mục của điểm đó: không có nó thì không ghi tên được cơ quan, không tra được danh bạ, không gia hạn được gì',
    'centre-service': '',
    'centre-service-silent':
      'chạy `congvan centre run`: không có nó thì tệp ở lại ba mươi ngày và nguồn đứng yên không được hỏi lại',
    'presence-old':
      'chạy `congvan site run` ở đây, hoặc xem đĩa; sau khi khởi động hãy chờ ba phút; xoá tệp nếu ở đây không còn chạy điểm nào',
    'agencies-silent': 'hỏi các cơ quan đó `congvan agent run` có đang chạy không',
    'agencies-stuck': '`congvan agent status` ở các cơ quan đó cho biết vướng ở đâu',
    probe: 'xem đĩa và tải của máy chủ',
    'probe-failed':
      'xem ngay dung lượng đĩa và nhật ký máy chủ; máy 2.9 bị đầy đĩa phải kill -9 sau khi đã dọn chỗ',
    clock: 'đặt đồng hồ theo máy chủ thời gian; lệch đến năm phút thì cơ quan không vào được',
    certificate: 'lấy chứng thư mới, đặt vào chỗ, nạp lại máy chủ (systemctl reload)',
    'certificate-unread': 'xem các dòng tls trong cấu hình',
    credentials: 'xoá tệp rồi chạy `congvan bus plan` để tạo mới',
    disk: 'dọn chỗ, hoặc giảm `store` trong bản mô tả rồi khởi động lại máy chủ',
    'disk-elsewhere': '',
  },
};
