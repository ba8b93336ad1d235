export interface GlossarySection {
  readonly title: string;
  readonly terms: readonly (readonly [string, string])[];
}

/** The definitions page in Vietnamese: sections of terms, each with what it means. */
export const glossaryVi: readonly GlossarySection[] = [
  {
    title: 'Đơn vị đếm',
    terms: [
      [
        'Văn bản',
        'Một số trong sổ văn bản đi, đếm một lần dù gửi cho bao nhiêu nơi. Văn bản thuộc kỳ của ngày ban hành, theo giờ Việt Nam.',
      ],
      [
        'Lượt gửi',
        'Một văn bản điện tử đến một nơi nhận. Một văn bản gửi 90 xã là một văn bản và 90 lượt gửi.',
      ],
      ['Văn bản mật', 'Không đi qua hệ thống này và không nằm trong số liệu nào.'],
    ],
  },
  {
    title: 'Ba hình thức',
    terms: [
      ['Chỉ điện tử (E)', 'Mọi nơi nhận đều nhận bản điện tử, không kèm giấy.'],
      ['Điện tử và giấy (E+P)', 'Ít nhất một nơi nhận có thêm bản giấy, hoặc chỉ nhận bản giấy.'],
      ['Chỉ giấy (P)', 'Không nơi nào nhận bản điện tử.'],
    ],
  },
  {
    title: 'Tỷ lệ',
    terms: [
      [
        'Tỷ lệ gửi điện tử',
        'E ÷ (E + E+P + P). Không có văn bản nào thì không có tỷ lệ, không phải 0 %.',
      ],
      ['Có bản điện tử', '(E + E+P) ÷ (E + E+P + P).'],
      ['Có ký số', 'Số văn bản E và E+P có chữ ký số ÷ (E + E+P).'],
      [
        'Làm tròn',
        'Tỷ lệ trên trang được cắt, không làm tròn lên: 89,96 % hiện là 89,9 %, nên không bao giờ trông như đã đạt 90 %.',
      ],
      [
        'Mục tiêu',
        'Do người vận hành đặt cho từng cấp và từng năm. Nhiều cấp cùng lúc thì không có mục tiêu chung.',
      ],
      ['So kỳ trước', 'Chênh lệch với kỳ cùng loại liền trước, tính bằng điểm phần trăm.'],
    ],
  },
  {
    title: 'Những gì còn thiếu',
    terms: [
      [
        'Số không có dấu vết',
        'Số nằm trong dãy số của sổ mà không bản ghi nào nhắc đến: không văn bản điện tử, không bản giấy, không số hủy.',
      ],
      ['Mức tối thiểu', 'Còn số hoặc báo cáo chưa đến thì các số đếm chỉ có thể tăng.'],
      [
        'Không báo cáo',
        'Cơ quan đang hoạt động nhưng không có báo cáo nào trong kỳ. Không tính là 0, chỉ liệt kê.',
      ],
      ['Số đã hủy', 'Số đã cấp rồi bỏ, có lý do. Không nằm trong tỷ lệ.'],
      [
        'Không đến được nơi nào',
        'Không nơi nhận nào hồi báo trong 30 ngày, hoặc bên gửi đã thôi gửi cho mọi nơi. Không nằm trong tỷ lệ.',
      ],
    ],
  },
  {
    title: 'Hồi báo',
    terms: [
      ['Đã đến (01)', 'Hệ thống của bên nhận đã lưu văn bản. Tự động.'],
      ['Từ chối (02)', 'Bên nhận trả lại, có lý do. Văn bản vẫn tính là đã gửi.'],
      ['Tiếp nhận (03) đến hoàn thành (06)', 'Vào sổ đến, phân công, đang xử lý, xong.'],
      [
        'Quá hạn hồi báo',
        'Hết ngày gửi mà chưa có hồi báo nào (Nghị định 30/2020/NĐ-CP, Điều 21 khoản 2 điểm c).',
      ],
      [
        'Trung vị và 95 %',
        'Một nửa số lượt, và 95 % số lượt, nhận được hồi báo trong thời gian ấy. Sai số không quá 1/64, không bao giờ nhỏ hơn thật.',
      ],
    ],
  },
  {
    title: 'Cơ cấu tổ chức',
    terms: [
      ['Khi ban hành', 'Cấp và cơ quan cấp trên lấy theo ngày ban hành văn bản.'],
      ['Hiện nay', 'Sau sáp nhập, cơ quan mới mang cả số liệu của các cơ quan trước nó.'],
    ],
  },
];
