-- Rollups by type had as many rows as agencies could write names. Now the types of the official list are
-- counted by name and all others together; where others were counted, all is added up anew.
UPDATE figure_state SET built = 0
WHERE EXISTS (SELECT 1 FROM figure_own_day WHERE document_type NOT IN ('', 'other',
  'Công văn', 'Nghị quyết', 'Quyết định', 'Chỉ thị', 'Quy chế', 'Quy định', 'Thông cáo', 'Thông báo',
  'Hướng dẫn', 'Chương trình', 'Kế hoạch', 'Phương án', 'Đề án', 'Dự án', 'Báo cáo', 'Biên bản',
  'Tờ trình', 'Hợp đồng', 'Công điện', 'Bản ghi nhớ', 'Bản thỏa thuận', 'Giấy ủy quyền', 'Giấy mời',
  'Giấy giới thiệu', 'Giấy nghỉ phép', 'Phiếu gửi', 'Phiếu chuyển', 'Phiếu báo', 'Thư công',
  'Bản cam kết', 'Giấy chứng nhận', 'Giấy đi đường', 'Giấy biên nhận hồ sơ', 'Hiến pháp', 'Bộ luật',
  'Luật', 'Pháp lệnh', 'Lệnh', 'Nghị quyết liên tịch', 'Nghị định', 'Thông tư', 'Thông tư liên tịch'));
