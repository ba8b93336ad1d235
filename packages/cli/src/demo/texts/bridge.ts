import { basis, citeDocument, heading, paragraph, type TextWriter } from './text.ts';

const costColumns = [
  { title: 'TT', share: 0.08, align: 'centre' },
  { title: 'Hạng mục', share: 0.44, align: 'left' },
  { title: 'Khối lượng', share: 0.2, align: 'right' },
  { title: 'Kinh phí (triệu đồng)', share: 0.28, align: 'right' },
] as const;

const costRows = [
  ['1', 'Gia cố mố cầu và tường cánh', '86 m³', '412'],
  ['2', 'Thay dầm và mặt cầu bê tông cốt thép', '54 m²', '738'],
  ['3', 'Rọ đá chống xói hai bờ suối', '240 rọ', '216'],
  ['4', 'Đắp lại đường dẫn hai đầu cầu', '320 m³', '95'],
  ['5', 'Lan can, biển báo, cọc tiêu', '1 bộ', '47'],
  ['', 'Tổng cộng', '', '1.508'],
];

/** A commune reports a damaged bridge to its district. */
export const bridgeReport: TextWriter = ({ from, to }) => ({
  typeName: 'Báo cáo',
  typeSymbol: 'BC',
  abstract: 'Tình hình hư hỏng cầu dân sinh Suối Nhỏ và đề nghị hỗ trợ kinh phí sửa chữa',
  body: [
    paragraph(
      `Thực hiện chế độ báo cáo về phòng, chống thiên tai và quản lý kết cấu hạ tầng giao thông nông thôn, ${from.name} kính báo cáo ${to[0]?.name ?? ''} tình hình hư hỏng cầu dân sinh Suối Nhỏ do ảnh hưởng của đợt mưa lớn kéo dài và đề nghị hỗ trợ kinh phí sửa chữa như sau:`,
    ),
    heading('I. THÔNG TIN CHUNG VỀ CÔNG TRÌNH'),
    paragraph(
      'Cầu dân sinh Suối Nhỏ nằm trên tuyến đường liên ấp 2 – ấp 5, được đưa vào sử dụng từ năm 2009; chiều dài toàn cầu 18 mét, bề rộng mặt cầu 3 mét, tải trọng thiết kế 5 tấn. Đây là lối đi chính của 412 hộ dân với 1.637 nhân khẩu, là đường đến trường của 286 học sinh tiểu học và trung học cơ sở, đồng thời là tuyến vận chuyển mủ cao su, hồ tiêu và cây ăn trái của bà con hai ấp.',
    ),
    paragraph(
      'Hằng năm, địa phương đều bố trí kinh phí duy tu từ nguồn vốn sự nghiệp giao thông và huy động Nhân dân đóng góp ngày công dọn dẹp lòng suối, phát quang hành lang an toàn. Tuy nhiên, do công trình đã sử dụng nhiều năm và lưu lượng xe tải nhẹ ngày càng tăng nên kết cấu đã xuống cấp từ trước đợt mưa.',
    ),
    heading('II. TÌNH HÌNH HƯ HỎNG'),
    paragraph(
      'Từ đêm 14 đến ngày 17 tháng này, trên địa bàn có mưa to đến rất to, tổng lượng mưa đo được 268 mm. Nước từ thượng nguồn đổ về nhanh, mực nước suối dâng cao hơn mặt cầu 0,4 mét trong khoảng sáu giờ, cuốn theo nhiều cành cây, rác và đất đá. Sau khi nước rút, qua kiểm tra ghi nhận:',
    ),
    paragraph(
      '1. Mố cầu phía ấp 5 bị xói sâu 1,2 mét, tường cánh hạ lưu nứt dọc, nghiêng ra ngoài khoảng 15 cm; đường dẫn sau mố bị sụt lún trên chiều dài 11 mét.',
    ),
    paragraph(
      '2. Hai trong bốn dầm chủ bị lộ cốt thép, gỉ sét; mặt cầu có ba vị trí vỡ bê tông, đường kính từ 30 đến 55 cm. Lan can thượng lưu bị cuốn trôi hoàn toàn.',
    ),
    paragraph(
      '3. Bờ suối phía thượng lưu sạt lở 46 mét, chỗ gần nhất còn cách nhà dân 7 mét. Không có thiệt hại về người.',
    ),
    heading('III. CÔNG VIỆC ĐÃ THỰC HIỆN'),
    paragraph(
      'Ngay trong đêm xảy ra sự cố, Ủy ban nhân dân xã đã huy động lực lượng dân quân, công an xã và các đoàn thể đặt rào chắn, biển cấm xe cơ giới, bố trí người trực hướng dẫn Nhân dân đi theo đường vòng qua ấp 3 dài hơn 6,5 km; hỗ trợ di dời tài sản cho 4 hộ sát bờ suối; tổ chức đưa đón học sinh trong những ngày nước còn chảy xiết.',
    ),
    paragraph(
      'Từ nguồn dự phòng ngân sách xã, địa phương đã chi 38 triệu đồng mua rọ đá, bao cát để gia cố tạm mố cầu. Việc gia cố này chỉ có tác dụng trong thời gian ngắn; nếu tiếp tục có mưa lớn, cầu có nguy cơ sập hoàn toàn.',
    ),
    heading('IV. ĐỀ NGHỊ'),
    paragraph(
      'Do khả năng cân đối ngân sách cấp xã có hạn, kính đề nghị cấp trên xem xét hỗ trợ kinh phí sửa chữa cầu với dự toán sơ bộ như sau:',
    ),
    { kind: 'table', columns: costColumns, rows: costRows },
    paragraph(
      'Đồng thời, kính đề nghị cử cán bộ chuyên môn kiểm định khả năng chịu tải của các dầm còn lại, hướng dẫn phương án bảo đảm giao thông tạm thời và cho chủ trương di dời ba hộ dân có nguy cơ sạt lở cao trước mùa mưa tới.',
    ),
    paragraph(
      `Trên đây là báo cáo của ${from.name}, kính trình ${to[0]?.name ?? ''} xem xét, chỉ đạo./.`,
    ),
  ],
});

/** The district inspects and reports to the province. */
export const bridgeInspection: TextWriter = ({ from, former }) => ({
  typeName: 'Báo cáo',
  typeSymbol: 'BC',
  abstract:
    'Kết quả kiểm tra hiện trạng cầu Suối Nhỏ và nhu cầu khắc phục hạ tầng giao thông nông thôn',
  body: [
    paragraph(
      `Sau khi nhận được Báo cáo ${citeDocument(former)} về tình hình hư hỏng cầu dân sinh Suối Nhỏ, ${from.name} đã thành lập đoàn kiểm tra liên ngành gồm Phòng Kinh tế và Hạ tầng, Phòng Tài chính – Kế hoạch, Phòng Nông nghiệp và Phát triển nông thôn cùng địa phương tiến hành khảo sát thực địa. Kết quả như sau:`,
    ),
    heading('1. Kết quả kiểm tra'),
    paragraph(
      'Số liệu địa phương báo cáo phù hợp với thực tế. Đoàn kiểm tra đo kiểm bổ sung bằng súng bật nẩy và siêu âm tại 12 vị trí: cường độ bê tông dầm số 2 và số 3 chỉ còn đạt 62% so với thiết kế; cốt thép chịu lực giảm tiết diện từ 18% đến 24%. Mố cầu phía ấp 5 mất ổn định, hệ số an toàn trượt thấp hơn giá trị cho phép.',
    ),
    paragraph(
      'Đoàn thống nhất đánh giá công trình thuộc trường hợp hư hỏng nặng, không thể tiếp tục khai thác bằng biện pháp sửa chữa nhỏ; cần dừng toàn bộ xe cơ giới, chỉ cho người đi bộ và xe đạp qua lại ban ngày, có người hướng dẫn.',
    ),
    heading('2. Rà soát các công trình tương tự trên địa bàn huyện'),
    paragraph(
      'Trên toàn huyện hiện có 37 cầu dân sinh, trong đó 22 cầu được xây dựng trước năm 2010. Qua rà soát nhanh, ngoài cầu Suối Nhỏ còn 4 cầu có dấu hiệu xói mố, 6 đoạn đường giao thông nông thôn bị sạt lở với tổng chiều dài 1,3 km và 9 cống qua đường bị bồi lấp. Tổng nhu cầu kinh phí khắc phục ước tính 6,84 tỷ đồng.',
    ),
    {
      kind: 'table',
      columns: [
        { title: 'Loại công trình', share: 0.4, align: 'left' },
        { title: 'Số lượng', share: 0.16, align: 'centre' },
        { title: 'Mức độ', share: 0.22, align: 'centre' },
        { title: 'Nhu cầu (triệu đồng)', share: 0.22, align: 'right' },
      ],
      rows: [
        ['Cầu dân sinh hư hỏng nặng', '1', 'Khẩn cấp', '1.508'],
        ['Cầu dân sinh xói mố', '4', 'Cần sớm', '2.360'],
        ['Đường giao thông sạt lở', '6 đoạn', 'Cần sớm', '2.145'],
        ['Cống qua đường bồi lấp', '9', 'Thường xuyên', '827'],
        ['Tổng cộng', '', '', '6.840'],
      ],
    },
    heading('3. Khả năng cân đối của ngân sách huyện'),
    paragraph(
      'Dự phòng ngân sách huyện năm nay đã sử dụng 71% cho công tác phòng, chống dịch bệnh trên gia súc và khắc phục hậu quả lốc xoáy đầu mùa mưa. Số còn lại có thể bố trí 1,2 tỷ đồng, ưu tiên các hạng mục bảo đảm an toàn tính mạng và tài sản của Nhân dân.',
    ),
    paragraph(
      'Huyện đã chỉ đạo các phòng chuyên môn lập hồ sơ thiết kế bản vẽ thi công theo hình thức công trình khẩn cấp, đồng thời vận động doanh nghiệp trên địa bàn hỗ trợ vật liệu, ca máy; đến nay đã có ba doanh nghiệp đăng ký hỗ trợ 120 m³ đá và 35 ca máy đào.',
    ),
    heading('4. Kiến nghị'),
    paragraph(
      'Kính đề nghị Ủy ban nhân dân tỉnh xem xét hỗ trợ từ nguồn dự phòng ngân sách tỉnh 3,5 tỷ đồng; giao Sở Giao thông vận tải hướng dẫn kỹ thuật; giao Sở Tài chính tham mưu bổ sung có mục tiêu cho huyện trong quý này. Phần còn lại 2,14 tỷ đồng, kính đề nghị tỉnh tổng hợp, báo cáo Trung ương hỗ trợ cùng các địa phương khác.',
    ),
    paragraph(
      'Trong thời gian chờ kinh phí, huyện tiếp tục chỉ đạo địa phương trực gác tại các vị trí nguy hiểm, cập nhật diễn biến hằng ngày và sẵn sàng phương án sơ tán khi có cảnh báo mưa lớn. Báo cáo của địa phương được gửi kèm theo văn bản này.',
    ),
    paragraph(`${from.name} kính báo cáo, đề nghị Ủy ban nhân dân tỉnh quan tâm giải quyết./.`),
  ],
});

/** The province asks the centre for support. */
export const disasterProposal: TextWriter = ({ from, former }) => ({
  typeName: 'Tờ trình',
  typeSymbol: 'TTr',
  abstract: 'Đề nghị hỗ trợ kinh phí khắc phục hậu quả mưa lũ đối với hạ tầng giao thông nông thôn',
  body: [
    basis('Căn cứ Luật Tổ chức chính quyền địa phương;'),
    basis('Căn cứ Luật Phòng, chống thiên tai;'),
    basis('Căn cứ Luật Ngân sách nhà nước và các văn bản hướng dẫn thi hành;'),
    basis(`Trên cơ sở Báo cáo ${citeDocument(former)},`),
    paragraph(
      `${from.name} kính trình Thủ tướng Chính phủ, qua Văn phòng Chính phủ, xem xét hỗ trợ kinh phí khắc phục hậu quả mưa lũ với các nội dung chủ yếu sau đây:`,
    ),
    heading('I. SỰ CẦN THIẾT'),
    paragraph(
      'Đợt mưa lớn vừa qua đã gây ngập cục bộ tại 5 huyện, thành phố; làm hư hỏng 19 cầu dân sinh, 14,6 km đường giao thông nông thôn, 31 cống thoát nước và 3 trạm bơm. Tổng giá trị thiệt hại về hạ tầng giao thông nông thôn ước tính 58,2 tỷ đồng. Nhiều tuyến đường là lối đi duy nhất của người dân vùng sâu, ảnh hưởng trực tiếp đến việc học tập, khám chữa bệnh, vận chuyển nông sản và công tác ứng cứu khi có tình huống khẩn cấp.',
    ),
    paragraph(
      'Tỉnh đã chủ động sử dụng dự phòng ngân sách, quỹ phòng, chống thiên tai và huy động các nguồn lực xã hội. Tuy vậy, do phải đồng thời thực hiện nhiều nhiệm vụ cấp bách, nguồn lực tại chỗ chưa đáp ứng được nhu cầu khôi phục trước mùa mưa năm sau.',
    ),
    heading('II. NGUYÊN TẮC SỬ DỤNG KINH PHÍ'),
    paragraph(
      '1. Ưu tiên công trình có nguy cơ mất an toàn tính mạng; công trình phục vụ học sinh, trạm y tế và vùng dễ bị chia cắt; không đầu tư dàn trải, không sử dụng kinh phí hỗ trợ để thanh toán nợ xây dựng cơ bản.',
    ),
    paragraph(
      '2. Công khai danh mục, mức hỗ trợ và kết quả thực hiện tại trụ sở Ủy ban nhân dân cấp xã; thực hiện giám sát của cộng đồng theo quy định.',
    ),
    paragraph(
      '3. Hoàn thành giải ngân trong 12 tháng; phần không sử dụng hết được hoàn trả ngân sách trung ương.',
    ),
    heading('III. NHU CẦU VÀ NGUỒN VỐN'),
    {
      kind: 'table',
      columns: [
        { title: 'Nguồn vốn', share: 0.52, align: 'left' },
        { title: 'Số tiền (tỷ đồng)', share: 0.24, align: 'right' },
        { title: 'Tỷ lệ', share: 0.24, align: 'right' },
      ],
      rows: [
        ['Dự phòng ngân sách tỉnh', '18,0', '30,9%'],
        ['Dự phòng ngân sách huyện, xã', '9,4', '16,2%'],
        ['Quỹ phòng, chống thiên tai', '4,3', '7,4%'],
        ['Đóng góp của doanh nghiệp và Nhân dân', '2,5', '4,3%'],
        ['Đề nghị ngân sách trung ương hỗ trợ', '24,0', '41,2%'],
        ['Tổng cộng', '58,2', '100%'],
      ],
    },
    heading('IV. TỔ CHỨC THỰC HIỆN'),
    paragraph(
      'Sau khi được hỗ trợ, Ủy ban nhân dân tỉnh sẽ phân bổ cho từng công trình trong 15 ngày làm việc, giao Sở Tài chính và Sở Giao thông vận tải kiểm tra tiến độ hằng tháng, báo cáo kết quả về Văn phòng Chính phủ và các bộ liên quan trước ngày 25 của tháng cuối quý. Chủ tịch Ủy ban nhân dân cấp huyện chịu trách nhiệm trước Chủ tịch Ủy ban nhân dân tỉnh về tính chính xác của số liệu.',
    ),
    paragraph(
      'Toàn bộ hồ sơ kèm theo Tờ trình này được ký số và gửi qua Trục liên thông văn bản; bản giấy được gửi thêm theo quy chế làm việc.',
    ),
    paragraph(`${from.name} kính trình Thủ tướng Chính phủ xem xét, quyết định./.`),
  ],
});

/** The province answers the commune's first report. */
export const bridgeAnswer: TextWriter = ({ former }) => ({
  typeName: 'Công văn',
  abstract: 'hỗ trợ kinh phí sửa chữa cầu dân sinh Suối Nhỏ',
  body: [
    paragraph(
      `Xét Báo cáo ${citeDocument(former)} về tình hình hư hỏng cầu dân sinh Suối Nhỏ và kết quả kiểm tra của Ủy ban nhân dân huyện, Ủy ban nhân dân tỉnh có ý kiến như sau:`,
    ),
    paragraph(
      '1. Thống nhất chủ trương sửa chữa khẩn cấp cầu Suối Nhỏ theo hình thức công trình khẩn cấp quy định tại pháp luật về xây dựng. Mức hỗ trợ từ dự phòng ngân sách tỉnh là 1.100 triệu đồng; phần còn lại do ngân sách huyện bảo đảm và huy động hợp pháp tại địa phương. Sở Tài chính thông báo bổ sung có mục tiêu trong vòng 05 ngày làm việc kể từ ngày ký Công văn này.',
    ),
    paragraph(
      '2. Giao Sở Giao thông vận tải cử cán bộ kỹ thuật kiểm định lại bốn dầm chủ trước khi thi công, có văn bản hướng dẫn về giải pháp gia cố mố cầu phía ấp 5, khẩu độ thoát nước và cao độ mặt cầu mới; cao độ mặt cầu phải cao hơn mực nước lũ lịch sử tối thiểu 0,5 mét để không tái diễn tình trạng nước tràn mặt cầu.',
    ),
    paragraph(
      '3. Giao Ủy ban nhân dân huyện làm chủ đầu tư, tổ chức thi công và chịu trách nhiệm về chất lượng, khối lượng, tiến độ; hoàn thành trước ngày 30 tháng 4 năm sau. Trong thời gian thi công phải có đường tránh bảo đảm cho xe cứu thương, xe chữa cháy và xe đưa đón học sinh qua lại an toàn.',
    ),
    paragraph(
      '4. Ủy ban nhân dân xã có trách nhiệm: duy trì rào chắn, biển báo và người trực tại hai đầu cầu cho đến khi đưa công trình vào sử dụng; vận động bốn hộ dân sát bờ suối tạm di dời khi có cảnh báo mưa lớn; lập danh sách ba hộ có nguy cơ sạt lở cao gửi Phòng Tài nguyên và Môi trường huyện để bố trí đất ở trong quý I năm sau; niêm yết công khai mức hỗ trợ và tiến độ tại nhà văn hóa ấp.',
    ),
    paragraph(
      '5. Ban Giám sát đầu tư của cộng đồng xã thực hiện giám sát từ khi khởi công; mọi phát sinh về khối lượng phải có biên bản hiện trường, có chữ ký của đại diện Nhân dân hai ấp và được cơ quan chuyên môn của huyện thẩm tra trước khi thanh toán. Nghiêm cấm chia nhỏ hạng mục để chỉ định thầu hoặc tự ý thay đổi thiết kế đã được duyệt.',
    ),
    paragraph(
      '6. Việc báo cáo tiến độ thực hiện vào thứ Sáu hằng tuần qua Trục liên thông văn bản, có ký số của cơ quan; không gửi kèm bản giấy. Văn bản gửi đến phải ghi rõ số, ký hiệu của Công văn này để hệ thống tự động liên kết và theo dõi hạn xử lý.',
    ),
    paragraph(
      '7. Đối với 4 cầu dân sinh xói mố và 6 đoạn đường sạt lở còn lại trên địa bàn huyện, Ủy ban nhân dân tỉnh đã tổng hợp, trình Thủ tướng Chính phủ xem xét hỗ trợ. Trong khi chờ ý kiến, địa phương chủ động gia cố tạm, hạn chế tải trọng và cập nhật tình trạng từng công trình trên bản đồ hạ tầng giao thông nông thôn của tỉnh.',
    ),
    paragraph(
      'Yêu cầu Thủ trưởng các cơ quan, đơn vị có liên quan khẩn trương thực hiện; trường hợp có khó khăn, vướng mắc kịp thời phản ánh về Văn phòng Ủy ban nhân dân tỉnh để tổng hợp, báo cáo Chủ tịch Ủy ban nhân dân tỉnh xem xét, chỉ đạo./.',
    ),
  ],
});
