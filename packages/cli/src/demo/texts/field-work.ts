import { heading, paragraph, type TextWriter } from './text.ts';

/** A department writes to the wrong commune, which refuses. */
export const roadSurvey: TextWriter = ({ from }) => ({
  typeName: 'Công văn',
  abstract: 'phối hợp khảo sát tuyến đường ĐT.750 và bàn giao mốc lộ giới',
  body: [
    paragraph(
      `Triển khai kế hoạch bảo trì kết cấu hạ tầng giao thông đường bộ, ${from.name} tổ chức khảo sát đoạn tuyến ĐT.750 từ Km 12+300 đến Km 19+850 đi qua địa bàn xã, đồng thời bàn giao mốc lộ giới cho địa phương quản lý. Để việc khảo sát đạt kết quả, Sở đề nghị Quý Ủy ban phối hợp các nội dung sau:`,
    ),
    heading('1. Thời gian, địa điểm'),
    paragraph(
      'Đoàn khảo sát làm việc trong hai ngày, bắt đầu lúc 7 giờ 30 phút ngày thứ Ba tuần kế tiếp, tập trung tại nhà văn hóa ấp 2. Ngày thứ nhất kiểm tra nền, mặt đường và hệ thống thoát nước dọc; ngày thứ hai kiểm tra cầu, cống ngang, cây xanh và các điểm đấu nối trái phép vào tuyến.',
    ),
    heading('2. Thành phần tham dự'),
    paragraph(
      'Đề nghị Quý Ủy ban cử một lãnh đạo phụ trách kinh tế, công chức địa chính – xây dựng – nông nghiệp và môi trường, trưởng các ấp có tuyến đường đi qua; mời đại diện Ban Thanh tra nhân dân và hai hộ dân am hiểu ranh giới đất dọc tuyến cùng tham gia, ký biên bản.',
    ),
    heading('3. Chuẩn bị tài liệu'),
    paragraph(
      'a) Trích lục bản đồ địa chính, hồ sơ giải phóng mặt bằng năm 2012 và các biên bản bàn giao mốc trước đây (nếu còn lưu); danh sách các hộ có công trình, cây trồng trong hành lang an toàn đường bộ, ghi rõ thời điểm phát sinh.',
    ),
    paragraph(
      'b) Danh mục điểm ngập cục bộ trong hai mùa mưa gần nhất, kèm ảnh chụp và tọa độ; các phản ánh, kiến nghị của cử tri về an toàn giao thông trên tuyến, nhất là các đoạn gần trường học, chợ và khu nhà trọ công nhân.',
    ),
    paragraph(
      'c) Số liệu đếm xe trong ba ngày liên tục tại ngã tư trung tâm, theo mẫu gửi kèm; chú ý tách riêng xe tải trên 10 tấn vận chuyển vật liệu xây dựng vì đây là nguyên nhân chính gây hằn lún vệt bánh xe.',
    ),
    heading('4. Nội dung khảo sát và xử lý kết quả'),
    paragraph(
      'Đoàn lập bản vẽ hiện trạng bằng thiết bị bay không người lái kết hợp đo đạc thực địa, xác định vị trí 46 cọc mốc lộ giới, cắm bổ sung 12 cọc bị mất. Sau khi có kết quả, Sở tổng hợp, lấy ý kiến bằng văn bản của địa phương trong 07 ngày làm việc rồi trình Ủy ban nhân dân tỉnh phê duyệt danh mục sửa chữa. Quá thời hạn nêu trên, nếu không có văn bản phản hồi thì xem như thống nhất.',
    ),
    paragraph(
      'Đối với các điểm đấu nối trái phép, đoàn lập biên bản, phân loại theo thời điểm phát sinh; trường hợp phát sinh sau khi đã bàn giao mốc, đề nghị địa phương xử lý theo thẩm quyền và thông báo kết quả cho Sở trong vòng 30 ngày.',
    ),
    heading('5. Kinh phí và an toàn lao động'),
    paragraph(
      'Kinh phí khảo sát do Sở bảo đảm từ nguồn sự nghiệp kinh tế; chế độ cho người dân tham gia chỉ dẫn ranh giới thực hiện theo định mức hiện hành. Trong thời gian làm việc trên mặt đường, đề nghị lực lượng công an địa phương hỗ trợ phân luồng, bảo đảm an toàn cho đoàn và người tham gia giao thông, đặc biệt trong giờ tan ca của công nhân.',
    ),
    paragraph(
      `${from.name} đề nghị Quý Ủy ban quan tâm phối hợp và gửi danh sách người tham dự về Phòng Quản lý kết cấu hạ tầng giao thông trước 16 giờ ngày thứ Sáu tuần này để chuẩn bị. Trân trọng./.`,
    ),
  ],
});

/** An urgent telegram about a storm. */
export const stormWarning: TextWriter = ({ from }) => ({
  typeName: 'Công điện',
  typeSymbol: 'CĐ',
  abstract: 'Về việc chủ động ứng phó với bão và mưa lũ trên địa bàn ven biển',
  urgencyMark: 'HỎA TỐC',
  body: [
    paragraph(
      'Theo bản tin dự báo khí tượng thủy văn, bão đang di chuyển nhanh theo hướng Tây, mỗi giờ đi được khoảng 20 km và còn có khả năng mạnh thêm. Dự báo trong 36 giờ tới, vùng biển và đất liền ven biển của tỉnh có gió mạnh cấp 8, cấp 9, giật cấp 11; biển động dữ dội; mưa to đến rất to với tổng lượng mưa phổ biến 180 – 320 mm, có nơi trên 400 mm; nguy cơ cao xảy ra lũ quét, sạt lở đất và ngập sâu ở vùng trũng thấp.',
    ),
    paragraph(
      `Để chủ động ứng phó, hạn chế thấp nhất thiệt hại, ${from.name} yêu cầu các địa phương tập trung thực hiện ngay các nhiệm vụ sau:`,
    ),
    heading('1. Đối với tuyến biển'),
    paragraph(
      'a) Kiểm đếm, thông báo cho chủ các phương tiện đang hoạt động trên biển biết vị trí, hướng di chuyển của bão để chủ động thoát ra khỏi vùng nguy hiểm hoặc về nơi tránh trú; giữ liên lạc thường xuyên. Nghiêm cấm tàu thuyền ra khơi kể từ 15 giờ hôm nay cho đến khi có thông báo mới.',
    ),
    paragraph(
      'b) Hướng dẫn neo đậu, giằng chống tàu thuyền tại vũng, vịnh, đầm; di dời toàn bộ người trên lồng bè nuôi trồng thủy sản, chòi canh vào bờ trước 18 giờ; kiên quyết cưỡng chế đối với trường hợp không chấp hành. Tại vùng nuôi tôm hùm, hướng dẫn hạ thấp lồng, gia cố dây neo và thu hoạch sớm diện tích đã đạt kích cỡ thương phẩm.',
    ),
    heading('2. Đối với vùng ven biển, cửa sông và vùng trũng thấp'),
    paragraph(
      'a) Rà soát, sẵn sàng sơ tán các hộ dân ở nhà không kiên cố, khu vực triều cường, sạt lở bờ biển; chuẩn bị nơi ở tạm, lương thực, nước uống, thuốc men cho ít nhất ba ngày; đặc biệt quan tâm người già, trẻ em, phụ nữ mang thai và người khuyết tật.',
    ),
    paragraph(
      'b) Chặt tỉa cành cây, chằng chống nhà cửa, trụ sở, trường học, trạm y tế; kiểm tra an toàn biển quảng cáo, cột ăng ten, công trình đang thi công. Cho học sinh nghỉ học theo diễn biến thực tế, thông báo đến từng gia đình trước 20 giờ.',
    ),
    heading('3. Đối với hồ chứa, đê, kè'),
    paragraph(
      'Vận hành hồ chứa theo đúng quy trình, thông báo trước cho hạ du ít nhất bốn giờ trước khi xả; bố trí lực lượng trực 24/24 giờ tại các hồ xung yếu, hồ đang thi công; kiểm tra, gia cố các đoạn kè đã bị sạt lở, chuẩn bị vật tư dự phòng tại chỗ theo phương châm “bốn tại chỗ”.',
    ),
    heading('4. Chế độ thông tin, báo cáo'),
    paragraph(
      'Tổ chức trực ban nghiêm túc, báo cáo tình hình lúc 6 giờ, 14 giờ và 20 giờ hằng ngày qua Trục liên thông văn bản với độ khẩn “Hỏa tốc”; khi mất liên lạc sử dụng điện thoại vệ tinh hoặc vô tuyến điện của lực lượng biên phòng. Người đứng đầu địa phương chịu trách nhiệm nếu để xảy ra thiệt hại về người do chủ quan, chậm trễ.',
    ),
    paragraph(
      'Yêu cầu các địa phương nghiêm túc triển khai thực hiện và phản hồi đã tiếp nhận Công điện này ngay sau khi nhận được./.',
    ),
  ],
});
