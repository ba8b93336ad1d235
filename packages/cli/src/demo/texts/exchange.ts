import { citeDocument, heading, paragraph, type TextWriter } from './text.ts';

/** A ministry asks the provinces to exchange documents electronically. */
export const ministryGuidance: TextWriter = () => ({
  typeName: 'Công văn',
  abstract: 'tăng cường gửi, nhận văn bản điện tử có ký số giữa bốn cấp hành chính',
  body: [
    paragraph(
      'Thực hiện Nghị định số 30/2020/NĐ-CP về công tác văn thư và Quyết định số 28/2018/QĐ-TTg về việc gửi, nhận văn bản điện tử giữa các cơ quan trong hệ thống hành chính nhà nước, qua theo dõi, tổng hợp, Bộ Nội vụ nhận thấy tỷ lệ văn bản điện tử có ký số ở cấp tỉnh đã đạt kết quả tích cực; tuy nhiên, ở cấp xã vẫn còn tình trạng gửi song song bản giấy, ký số chưa đúng vị trí, chưa phản hồi trạng thái xử lý. Để khắc phục, Bộ Nội vụ đề nghị Ủy ban nhân dân các tỉnh thực hiện một số nội dung sau:',
    ),
    heading('1. Về gửi văn bản điện tử'),
    paragraph(
      'a) Văn bản thuộc thẩm quyền ban hành và giải quyết giữa các cơ quan phải được gửi dưới dạng điện tử, có chữ ký số của người có thẩm quyền và chữ ký số của cơ quan, trừ văn bản có nội dung bí mật nhà nước và các trường hợp bất khả kháng về hạ tầng kỹ thuật. Không gửi kèm bản giấy khi bên nhận đã kết nối, trừ loại văn bản mà pháp luật quy định phải gửi thêm bản giấy.',
    ),
    paragraph(
      'b) Văn bản điện tử được gửi trong ngày ký ban hành, chậm nhất trong buổi sáng của ngày làm việc tiếp theo. Văn bản khẩn phải gửi ngay sau khi ký số, sử dụng chế độ ưu tiên của hệ thống và được bên nhận xử lý ngay sau khi đến.',
    ),
    paragraph(
      'c) Số, ký hiệu và ngày, tháng, năm của văn bản do văn thư cơ quan cấp trên cùng một hệ thống số cho cả văn bản giấy và văn bản điện tử; số đã hủy phải ghi rõ lý do trong Sổ đăng ký văn bản đi và không được dùng lại.',
    ),
    heading('2. Về tiếp nhận và phản hồi trạng thái'),
    paragraph(
      'a) Trước khi tiếp nhận, văn thư kiểm tra tính xác thực, tính toàn vẹn của văn bản; trường hợp không bảo đảm thì từ chối, nêu rõ lý do và phản hồi ngay qua hệ thống. Văn bản gửi nhầm nơi nhận phải được trả lại để bên gửi xử lý.',
    ),
    paragraph(
      'b) Trạng thái “đã đến” do hệ thống tự động phản hồi; các trạng thái “đã tiếp nhận”, “đang xử lý”, “đã hoàn thành” do văn thư hoặc người xử lý cập nhật trong ngày. Thông báo phản hồi phải được ký số để bên gửi có căn cứ chứng minh văn bản đã thực sự đến nơi nhận.',
    ),
    paragraph(
      'c) Số đến được cấp liên tục từ số 01 vào ngày đầu năm và kết thúc vào ngày 31 tháng 12 hằng năm; cùng một văn bản dù đến nhiều lần chỉ được đăng ký một lần.',
    ),
    heading('3. Về thống kê'),
    paragraph(
      'Tỷ lệ văn bản gửi điện tử được tính trên tổng số văn bản đi trong Sổ đăng ký, mỗi văn bản tính một lần, không phụ thuộc số lượng nơi nhận; tách riêng văn bản chỉ gửi điện tử, văn bản gửi điện tử kèm bản giấy và văn bản chỉ gửi giấy. Cơ quan không có số liệu phải được liệt kê, không tính là bằng không. Số liệu tổng hợp theo cấp hành chính và theo tháng, gửi về Bộ trước ngày 05 của tháng kế tiếp.',
    ),
    heading('4. Tổ chức thực hiện'),
    paragraph(
      'Đề nghị Ủy ban nhân dân các tỉnh chỉ đạo triển khai đến toàn bộ Ủy ban nhân dân cấp xã trên địa bàn trong tháng này; cử đầu mối kỹ thuật phối hợp với Cục Văn thư và Lưu trữ nhà nước; rà soát mã định danh, chứng thư số của từng cơ quan và kịp thời thông báo khi có thay đổi. Trong quá trình thực hiện, nếu có vướng mắc, đề nghị phản ánh về Bộ Nội vụ để được hướng dẫn./.',
    ),
  ],
});

/** A province passes the ministry's letter on to its communes as a plan. */
export const provincePlan: TextWriter = ({ from, former }) => ({
  typeName: 'Kế hoạch',
  typeSymbol: 'KH',
  abstract: 'Triển khai gửi, nhận văn bản điện tử có ký số đến Ủy ban nhân dân cấp xã',
  body: [
    paragraph(
      `Thực hiện Công văn ${citeDocument(former)} về việc tăng cường gửi, nhận văn bản điện tử có ký số giữa bốn cấp hành chính, ${from.name} ban hành Kế hoạch triển khai trên địa bàn như sau:`,
    ),
    heading('I. MỤC ĐÍCH, YÊU CẦU'),
    paragraph(
      '1. Bảo đảm 100% Ủy ban nhân dân cấp xã gửi, nhận văn bản điện tử có ký số thông suốt với cấp huyện, cấp tỉnh và trung ương; rút ngắn thời gian luân chuyển văn bản, tiết kiệm chi phí in ấn, bưu chính.',
    ),
    paragraph(
      '2. Việc triển khai phải đúng quy định về công tác văn thư, bảo đảm an toàn, an ninh thông tin; không làm gián đoạn hoạt động giải quyết thủ tục hành chính cho người dân, doanh nghiệp. Khóa bí mật của cơ quan phải do văn thư trực tiếp bảo quản và sử dụng.',
    ),
    heading('II. NỘI DUNG VÀ TIẾN ĐỘ'),
    {
      kind: 'table',
      columns: [
        { title: 'TT', share: 0.08, align: 'centre' },
        { title: 'Nhiệm vụ', share: 0.47, align: 'left' },
        { title: 'Chủ trì', share: 0.25, align: 'left' },
        { title: 'Hoàn thành', share: 0.2, align: 'centre' },
      ],
      rows: [
        ['1', 'Rà soát mã định danh và chứng thư số của cơ quan', 'Sở Nội vụ', 'Tuần 1'],
        ['2', 'Cài đặt phần mềm kết nối tại máy của văn thư', 'UBND cấp xã', 'Tuần 2'],
        ['3', 'Gửi, nhận thử; kiểm tra chữ ký số', 'UBND cấp huyện', 'Tuần 3'],
        ['4', 'Vận hành chính thức, ngừng gửi bản giấy', 'UBND cấp xã', 'Tuần 4'],
        ['5', 'Đánh giá tỷ lệ văn bản điện tử theo từng cấp', 'Văn phòng UBND tỉnh', 'Hằng tháng'],
      ],
    },
    paragraph(
      '1. Mỗi xã, phường bố trí ít nhất hai người được tập huấn: một văn thư chính thức và một người dự phòng. Nội dung tập huấn gồm: đăng ký văn bản đi, ký số, gửi; kiểm tra văn bản đến, tiếp nhận, từ chối có lý do; theo dõi trạng thái; đăng ký văn bản giấy để tính đúng tỷ lệ.',
    ),
    paragraph(
      '2. Khi đường truyền gián đoạn, văn thư vẫn đăng ký và ký số bình thường; phần mềm tự động gửi khi có kết nối trở lại. Chỉ gửi bản giấy khi thời gian gián đoạn vượt quá một ngày làm việc hoặc văn bản có độ khẩn, và phải ghi rõ lý do trong Sổ đăng ký văn bản đi.',
    ),
    paragraph(
      '3. Văn bản đến không xác thực được, bị thay đổi trên đường truyền hoặc do cơ quan khác mạo danh phải được giữ lại ở khu vực cách ly, không chuyển xử lý; văn thư báo ngay cho Sở Nội vụ và cơ quan có tên trong văn bản.',
    ),
    heading('III. TỔ CHỨC THỰC HIỆN'),
    paragraph(
      '1. Sở Nội vụ là cơ quan thường trực, hướng dẫn nghiệp vụ văn thư, tổng hợp khó khăn, vướng mắc; công bố tỷ lệ văn bản điện tử của từng xã, phường trên Cổng thông tin điện tử của tỉnh vào ngày 05 hằng tháng.',
    ),
    paragraph(
      '2. Chủ tịch Ủy ban nhân dân cấp huyện chỉ đạo, kiểm tra, đôn đốc các xã, phường trực thuộc; đưa kết quả thực hiện vào tiêu chí đánh giá, xếp loại cuối năm của người đứng đầu.',
    ),
    paragraph(
      '3. Ủy ban nhân dân xã, phường thực hiện đúng tiến độ; phản hồi trạng thái “đã tiếp nhận” đối với Kế hoạch này ngay trong ngày nhận và báo cáo kết quả trước ngày 25 hằng tháng.',
    ),
    paragraph(
      'Trong quá trình thực hiện, nếu có khó khăn, các cơ quan, đơn vị phản ánh về Sở Nội vụ để tổng hợp, báo cáo Ủy ban nhân dân tỉnh xem xét, quyết định./.',
    ),
  ],
});

/** A quarterly report on clerical work, from any agency to the one above it. */
export const clericalReport: TextWriter = ({ from, to }) => ({
  typeName: 'Báo cáo',
  typeSymbol: 'BC',
  abstract: 'Kết quả công tác văn thư, lưu trữ và gửi, nhận văn bản điện tử quý IV',
  body: [
    paragraph(
      `${from.name} báo cáo ${to[0]?.name ?? ''} kết quả công tác văn thư, lưu trữ và gửi, nhận văn bản điện tử trong quý IV như sau:`,
    ),
    heading('I. KẾT QUẢ THỰC HIỆN'),
    paragraph(
      '1. Công tác chỉ đạo: đã ban hành quy chế công tác văn thư, lưu trữ sửa đổi; phân công một Phó Thủ trưởng phụ trách; tổ chức hai buổi quán triệt về thể thức và kỹ thuật trình bày văn bản, kỹ năng ký số và kiểm tra chữ ký số cho toàn thể công chức.',
    ),
    paragraph(
      '2. Quản lý văn bản đi: các văn bản được đăng ký đầy đủ, số và ký hiệu liên tục, không trùng, không bỏ trống; ba số bị hủy do soạn thảo sai thẩm quyền đều có ghi lý do. Văn bản điện tử được ký số của người có thẩm quyền và của cơ quan theo đúng thứ tự.',
    ),
    paragraph(
      '3. Quản lý văn bản đến: văn bản được tiếp nhận trong ngày, kiểm tra chữ ký số trước khi đăng ký số đến; đã từ chối bốn văn bản do gửi nhầm nơi nhận hoặc thiếu phụ lục, lý do được phản hồi ngay qua hệ thống.',
    ),
    {
      kind: 'table',
      columns: [
        { title: 'Chỉ tiêu', share: 0.46, align: 'left' },
        { title: 'Tháng 10', share: 0.18, align: 'right' },
        { title: 'Tháng 11', share: 0.18, align: 'right' },
        { title: 'Quý IV (ước)', share: 0.18, align: 'right' },
      ],
      rows: [
        ['Văn bản đi', '214', '231', '690'],
        ['Trong đó: chỉ gửi điện tử', '187', '209', '622'],
        ['Gửi điện tử kèm bản giấy', '19', '15', '47'],
        ['Chỉ gửi bản giấy', '8', '7', '21'],
        ['Văn bản đến', '402', '418', '1.235'],
        ['Tiếp nhận trong ngày', '395', '415', '1.221'],
      ],
    },
    paragraph(
      '4. Lập hồ sơ và nộp lưu: 92% công chức lập hồ sơ công việc trên môi trường mạng; đã chỉnh lý 14 mét giá tài liệu tồn đọng, số hóa 3.260 trang, bàn giao vào lưu trữ cơ quan đúng thời hạn.',
    ),
    heading('II. TỒN TẠI, HẠN CHẾ'),
    paragraph(
      'Một số văn bản vẫn gửi kèm bản giấy theo thói quen của bên nhận; trạng thái “đã hoàn thành” chưa được cập nhật kịp thời vì người xử lý chưa quen thao tác. Đường truyền tại hai điểm trực thuộc chưa ổn định vào giờ cao điểm buổi chiều; một máy trạm của văn thư đã cũ, mở tệp có dung lượng lớn còn chậm.',
    ),
    paragraph(
      'Nguyên nhân chủ yếu là do công chức kiêm nhiệm nhiều việc, thời gian tập huấn còn ngắn; kinh phí mua sắm thiết bị phải phân kỳ theo nhiều năm.',
    ),
    heading('III. PHƯƠNG HƯỚNG QUÝ TIẾP THEO'),
    paragraph(
      '1. Chấm dứt gửi kèm bản giấy đối với nơi nhận đã kết nối; nâng tỷ lệ văn bản chỉ gửi điện tử lên trên 95%. Hằng tuần đối chiếu Sổ đăng ký văn bản đi với số liệu của hệ thống theo dõi để phát hiện văn bản chưa đến nơi nhận.',
    ),
    paragraph(
      '2. Phân công người dự phòng cho văn thư; gia hạn chứng thư số sắp hết hạn trước 30 ngày; sao lưu dữ liệu hằng ngày và kiểm tra khả năng khôi phục mỗi tháng một lần.',
    ),
    paragraph(
      '3. Phối hợp với cơ quan cấp trên nâng cấp đường truyền, thay thế máy trạm cũ và tổ chức tập huấn bổ sung cho công chức mới tuyển dụng.',
    ),
    heading('IV. KIẾN NGHỊ'),
    paragraph(
      'Kính đề nghị cấp trên tổ chức thêm lớp tập huấn về kiểm tra chữ ký số, hỗ trợ kinh phí thay thế một máy trạm và thống nhất mẫu báo cáo để các đơn vị khai thác trực tiếp từ hệ thống, giảm nhập liệu thủ công.',
    ),
    paragraph(`Trên đây là báo cáo của ${from.name}, kính gửi ${to[0]?.name ?? ''} tổng hợp./.`),
  ],
});
