import type { FailureTexts } from './en.ts';

/** What is wrong, as a class (`title`), and the next step (`hint`). Vietnamese. */
export const failuresVi: FailureTexts = {
  usage: { title: 'dòng lệnh sai', hint: 'xem trợ giúp của lệnh: thêm --help' },
  request: {
    title: 'giá trị sai',
    hint: 'sửa giá trị nêu trên; --help liệt kê những gì được phép',
  },
  agencyCode: {
    title: 'mã cơ quan sai',
    hint: 'viết mã theo Quyết định 20/2020/QĐ-TTg, cấp 1 đứng đầu, ví dụ H09.12.034; `congvan agency list` liệt kê các mã đã biết',
  },
  checkFile: {
    title: 'tệp hỏng',
    hint: 'tệp bị hỏng hoặc không đúng loại; hãy lấy lại từ nơi gửi',
  },
  fileKind: {
    title: 'sai loại tệp',
    hint: 'xem --help để biết lệnh nhận những tệp nào; với tệp có chữ ký đặt bên cạnh, hãy chỉ tệp chữ ký (.p7s)',
  },
  emptyFile: { title: 'tệp trống', hint: 'lưu lại tệp từ chương trình đã tạo ra nó' },
  p12: {
    title: 'không dùng được tệp khóa',
    hint: 'chỉ tệp P12 hoặc PFX có cả khóa và chứng thư số; `congvan ca issue` tạo tệp này, `openssl pkcs12` chuyển đổi tệp cũ',
  },
  brokenPdf: {
    title: 'PDF hỏng',
    hint: 'lấy lại tệp, hoặc in ra PDF mới; nếu chưa ai ký, --repair của `congvan file sign` có thể sửa được',
  },
  timeStamp: {
    title: 'không có dấu thời gian',
    hint: 'kiểm tra địa chỉ trong --tsa hoặc CONGVAN_TSA, hoặc thêm dịch vụ thứ hai; chưa có gì được ghi, `congvan file sign --level B-B` không cần dấu thời gian',
  },
  revocationData: {
    title: 'thiếu dữ liệu thu hồi',
    hint: 'để máy kết nối được các địa chỉ ghi trong chứng thư số (không dùng --offline), hoặc đặt danh sách thu hồi mới vào crls/ của thư mục tin cậy; kiểm tra anchors/ có chứng thư số gốc của người ký và của dịch vụ dấu thời gian',
  },
  signFirst: { title: 'chưa ký', hint: 'ký tệp trước: `congvan file sign TỆP`' },
  picture: {
    title: 'không dùng được hình',
    hint: 'dùng tệp PNG, tốt nhất có nền trong suốt; nếu cần, lưu lại hình dạng PNG',
  },
  sealedFile: {
    title: 'tệp niêm phong',
    hint: 'kiểm tra --context từng chữ; nếu đúng thì tệp đã bị sửa hoặc bị cắt: hãy lấy lại từ nơi gửi',
  },
  notRecipient: {
    title: 'niêm phong cho nơi khác',
    hint: 'chỉ tệp P12 của nơi nhận bằng --p12, hoặc đề nghị nơi gửi niêm phong cho chứng thư số của bạn',
  },
  notPdf: {
    title: 'không phải PDF',
    hint: 'hãy đưa tệp PDF; `congvan send` nhận tệp khác bằng --attach',
  },
  printAgain: {
    title: 'PDF không phù hợp',
    hint: 'mở tệp, in ra PDF mới không mật khẩu, không biểu mẫu, không mã lệnh, rồi dùng tệp mới',
  },
  tamperedPdf: {
    title: 'bị thay đổi sau khi ký',
    hint: 'không nơi nào chấp nhận; hãy lấy lại tệp từ người đã ký',
  },
  bundle: {
    title: 'bộ hồ sơ kết nối',
    hint: '`congvan agency add` ghi bộ hồ sơ; --from chỉ thư mục của nó',
  },
  site: {
    title: 'điểm',
    hint: 'điểm là tỉnh như H09, hoặc TW; `congvan bus up --detach --site ĐIỂM` để thêm',
  },
  notSigned: {
    title: 'không có chữ ký này',
    hint: 'xem các chữ ký của tệp bằng `congvan file verify TỆP`',
  },
  token: {
    title: 'không dùng được thiết bị ký',
    hint: 'cắm thiết bị, kiểm tra mô-đun và nhãn, xem hướng dẫn về token trong docs/how-to',
  },
  remoteSigning: {
    title: 'dịch vụ ký số',
    hint: 'lấy mã truy cập mới hoặc hỏi nhà cung cấp dịch vụ ký số',
  },
  pkiServer: {
    title: 'không liên lạc được dịch vụ tin cậy hoặc bị từ chối',
    hint: 'kiểm tra địa chỉ và đường truyền rồi thử lại',
  },
  lockedPdf: {
    title: 'không được ký thêm',
    hint: 'người ký trước đã khóa PDF; xin bản cho phép ký thêm',
  },
  attachmentName: {
    title: 'tên tệp không dùng được',
    hint: 'đặt cho mỗi tệp một tên khác nhau, đơn giản',
  },
  longerPassphrase: {
    title: 'mật khẩu quá ngắn',
    hint: 'chọn mật khẩu dài hơn; chưa có gì được ghi',
  },
  fileMissing: { title: 'không thấy tệp', hint: 'kiểm tra đường dẫn và chính tả' },
  fileRights: {
    title: 'không đọc được tệp',
    hint: 'kiểm tra đó là tệp và bạn có quyền đọc',
  },
  writing: {
    title: 'không ghi được',
    hint: 'kiểm tra có thư mục đó không, quyền với thư mục và dung lượng trống; không có gì bị ghi dở',
  },
  restore: {
    title: 'tệp hỏng',
    hint: 'khôi phục tệp từ bản sao lưu; `congvan doctor` kiểm tra thư mục này',
  },
  exists: {
    title: 'đã tồn tại',
    hint: 'không có gì bị ghi đè; chọn tên khác, hoặc tự chuyển cái cũ đi',
  },
  tooLarge: {
    title: 'quá lớn',
    hint: 'giảm dung lượng: quét với độ phân giải thấp hơn, bớt tệp kèm, hoặc chia nhỏ',
  },
  fileChanged: {
    title: 'tệp đã thay đổi',
    hint: 'đóng chương trình đang ghi tệp, đợi ghi xong rồi chạy lại lệnh',
  },
  passphrase: {
    title: 'mật khẩu sai hoặc thiếu',
    hint: 'gõ mật khẩu tại cửa sổ lệnh, hoặc dùng --passphrase-file TỆP hay CONGVAN_PASSPHRASE_FILE (mã PIN: --pin-file TỆP hay CONGVAN_PIN_FILE, của token CA: CONGVAN_CA_PIN_FILE); chưa có gì được ghi',
  },
  keys: {
    title: 'khóa hoặc chứng thư số',
    hint: 'chỉ khóa khác, hoặc dùng `congvan doctor` kiểm tra các khóa ở đây; chứng thư số do `congvan ca issue` hoặc nơi cấp của bạn cấp',
  },
  network: {
    title: 'không đọc được dải mạng',
    hint: 'viết dải mạng theo dạng ĐỊA_CHỈ/SỐ_BIT, ví dụ 10.1.0.0/16 hoặc 2001:db8::/32',
  },
  operatorKeys: {
    title: 'khóa của đơn vị vận hành',
    hint: 'chạy lệnh này ở trung tâm, nơi giữ khóa của đơn vị vận hành (`congvan bus revoke`), hoặc chỉ thư mục của khóa (`agency revoke --plan`); một điểm chỉ có khóa ký của mình',
  },
  userKeyRevoked: {
    title: 'khóa đã bị thu hồi',
    hint: 'cơ quan tạo khóa mới và ghi danh lại; khóa đã thu hồi không bao giờ dùng lại được',
  },
  revocationsFull: {
    title: 'quá nhiều khóa đã thu hồi',
    hint: 'thay khóa ký của điểm; sau đó các cơ quan của điểm cần thông tin đăng nhập mới',
  },
  credentials: {
    title: 'thông tin đăng nhập trục',
    hint: 'xin nơi vận hành điểm một mã ghi danh mới (`congvan agency enrol MÃ --replace`)',
  },
  chooseAgency: { title: 'chưa chọn cơ quan', hint: 'thêm --agency MÃ' },
  agentInit: {
    title: 'thư mục của cơ quan',
    hint: '`congvan agent init --from THƯ_MỤC` lập một cơ quan; --home chỉ nơi đặt',
  },
  caInit: { title: 'chưa có cơ quan cấp chứng thư số', hint: '`congvan ca init` lập một cơ quan' },
  relayInit: { title: 'chưa có trạm trung tâm', hint: '`congvan relay init` lập trạm' },
  siteDesk: {
    title: 'chưa có bàn ghi danh',
    hint: 'lập bàn ghi danh trên máy của dịch vụ điểm: `congvan site desk --url https://TÊN:7443`',
  },
  enrolmentToken: {
    title: 'không đọc được mã ghi danh',
    hint: 'so lại từng nhóm với bản giấy hoặc tệp đã nhận, hoặc chỉ ra tệp đó; mã mới do nơi đăng ký cấp: `congvan agency enrol`',
  },
  enrolmentRefused: {
    title: 'việc ghi danh bị từ chối',
    hint: 'lý do ghi ở trên; mỗi mã chỉ dùng một lần và có thời hạn: hãy xin nơi đăng ký mã mới (`congvan agency enrol CODE`)',
  },
  enrolmentDesk: {
    title: 'không tới được bàn ghi danh',
    hint: 'kiểm tra đường truyền, địa chỉ và tường lửa rồi chạy lại đúng lệnh này, nó sẽ làm tiếp từ chỗ dừng; bàn ghi danh chạy cùng `congvan site run`',
  },
  startBus: {
    title: 'trục không trả lời',
    hint: 'trên một máy: khởi động bằng `congvan bus up --detach`; nếu không, kiểm tra mạng, và chứng thư trình ra (--tls-p12) nếu máy chủ dùng TLS, rồi làm lại',
  },
  startSite: {
    title: 'dịch vụ điểm không trả lời',
    hint: 'khởi động bằng `congvan site run` rồi làm lại',
  },
  natsServer: {
    title: 'nats-server',
    hint: 'cài nats-server 2.9.10 trở lên: gói của hệ điều hành, https://nats.io/download, hoặc NATS_SERVER=ĐƯỜNG_DẪN',
  },
  plan: {
    title: 'bản mô tả của trục',
    hint: 'sửa dòng nêu ở trên; docs/how-to/run-a-country.md có một bản mô tả đầy đủ',
  },
  serverLog: {
    title: 'nats-server',
    hint: 'xem nhật ký trong thư mục bus; có thể chương trình khác đang dùng cổng',
  },
  running: {
    title: 'đang chạy rồi',
    hint: 'dừng tiến trình kia trước, chọn cổng khác (--port), hoặc cứ để nó chạy: các lệnh khác dùng được song song',
  },
  makeRoom: {
    title: 'ổ đĩa đầy',
    hint: 'dọn chỗ trên ổ đĩa rồi làm lại lệnh; chưa lưu gì, chưa lấy số nào',
  },
  setClock: {
    title: 'đồng hồ sai',
    hint: 'chỉnh lại giờ của máy (NTP); trong vòng một phút agent nhận ra và lệnh lại làm được',
  },
  restored: {
    title: 'bản sao cũ',
    hint: 'để `congvan agent run` chạy đến khi `congvan agent status` không còn báo RESTORED: agent hỏi trung tâm theo dõi những số nào đã dùng',
  },
  again: { title: 'không có trả lời', hint: 'làm lại lệnh: việc đã xong không bị làm hai lần' },
  unknownRecipient: {
    title: 'nơi nhận không có trong danh bạ',
    hint: '`congvan agency list` xem danh bạ; phần mềm nút đang chạy sẽ tải mục mới',
  },
  unsealableRecipient: {
    title: 'nơi nhận không có khóa để niêm phong',
    hint: 'đề nghị nơi nhận gia hạn khóa hoặc đăng ký lại; `congvan agency show MÃ` liệt kê chứng thư của cơ quan đó',
  },
  closedRecipient: {
    title: 'nơi nhận đã ngừng hoạt động',
    hint: '`congvan agency show MÃ` cho biết cơ quan kế thừa',
  },
  secret: {
    title: 'văn bản mật',
    hint: 'bí mật nhà nước không được lên trục; gửi theo quy định của luật bảo vệ bí mật nhà nước',
  },
  idempotency: {
    title: 'khóa đã dùng',
    hint: 'một --key chỉ thuộc một yêu cầu; dùng khóa mới cho văn bản mới',
  },
  number: {
    title: 'số trong sổ',
    hint: '`congvan register list` cho biết trạng thái của số, `congvan register void` hủy số đang giữ; gửi lại với --key mới',
  },
  evidenceOf: {
    title: 'chưa rõ văn bản nào',
    hint: 'hãy cho mã văn bản (DocumentId) hoặc số và ký hiệu, kèm --from là mã cơ quan gửi',
  },
  lookInbox: {
    title: 'không thấy văn bản',
    hint: '`congvan inbox --state all` và `congvan register list` liệt kê văn bản của cơ quan này',
  },
  longerId: { title: 'mã chưa rõ', hint: 'gõ thêm ký tự của mã' },
  state: {
    title: 'trạng thái này không cho phép',
    hint: '`congvan open MÃ` hoặc `congvan track MÃ` cho biết trạng thái',
  },
  upgrade: {
    title: 'do phiên bản mới hơn ghi',
    hint: 'cài phiên bản đã ghi nó, hoặc mới hơn',
  },
  relayUsers: {
    title: 'tài khoản',
    hint: '`congvan relay user list` liệt kê các tài khoản',
  },
  publish: {
    title: 'chưa công bố',
    hint: '`congvan audit publications` liệt kê các lần công bố; `congvan audit publish THÁNG` công bố một tháng đã kết thúc',
  },
  otherRegistrar: {
    title: 'cơ quan đăng ký khác',
    hint: 'đối chiếu từng chữ dấu vân trong --registrar, hoặc registrar.crt của thư mục tin cậy, với điều cơ quan đăng ký báo bằng đường khác; nếu đúng thì tệp này là của nơi khác',
  },
  figuresBuilt: {
    title: 'đang tổng hợp lại số liệu',
    hint: 'sau khi nâng cấp, trung tâm đối soát tổng hợp lại toàn bộ số liệu một lần, nhật ký cho biết tiến độ; sau nửa đêm hoặc khi danh bạ thay đổi thì chỉ mất giây lát: hãy thử lại',
  },
  runRelay: { title: 'cơ sở dữ liệu cũ', hint: 'chạy `congvan relay run` một lần để nâng cấp tệp' },
  trust: {
    title: 'tin cậy',
    hint: 'thư mục có anchors/, intermediates/ và crls/ chứa chứng thư số và danh sách thu hồi, PEM hoặc DER; với cơ quan, chúng do nơi đăng ký cấp cùng registrar.crt',
  },
  directory: {
    title: 'danh bạ',
    hint: 'khôi phục thư mục site từ bản sao lưu; không bao giờ sửa mục bằng tay',
  },
  directoryFork: {
    title: 'danh bạ',
    hint: 'thư mục đã được khôi phục từ bản sao cũ và các số mục đã được cấp lại: xem mục "Restore a site" trong hướng dẫn sao lưu và khôi phục',
  },
  directoryCatchingUp: {
    title: 'danh bạ',
    hint: 'chờ `congvan site run` lấy lại các mục từ trung ương (cần có đường truyền tới trung ương) rồi làm lại; `congvan bus doctor` cho biết tình trạng đường truyền',
  },
  delegation: {
    title: 'ủy quyền',
    hint: '`congvan agency show MÃ` của cơ quan đăng ký cho biết các site được giao; trung ương ủy quyền bằng `congvan agency delegate`',
  },
  streams: {
    title: 'luồng trên trục',
    hint: 'người vận hành phải quyết định: luồng đang có khác, thay đổi có thể mất văn bản',
  },
  filesIncomplete: {
    title: 'tệp chưa đủ',
    hint: 'nơi gửi còn đang tải lên, hoặc đã bỏ tệp; khi có phần còn lại, phần mềm tự tiếp tục',
  },
  filesFull: {
    title: 'hết chỗ cho tệp',
    hint: 'trục của site đã đầy: người vận hành dọn chỗ hoặc mở rộng luồng tệp; sau đó việc gửi tự tiếp tục',
  },
  filesQuota: {
    title: 'quá nhiều tệp lớn đang gửi',
    hint: 'có chỗ trở lại khi nơi nhận xác nhận văn bản đã gửi; người vận hành có thể nâng hạn mức của cơ quan này',
  },
  lookCa: { title: 'chứng thư số', hint: '`congvan ca list` liệt kê các chứng thư số đã cấp' },
  lookDirectory: { title: 'cơ quan', hint: '`congvan agency list` xem danh bạ' },
  report: {
    title: 'lỗi bên trong chương trình',
    hint: 'hãy báo lỗi kèm lệnh, phiên bản (`congvan --version`) và dòng trên',
  },
  none: { title: 'không thực hiện được', hint: '`congvan doctor` kiểm tra cài đặt này' },
};
