/** Details of an error, as the packages give them. */
type Details = Readonly<Record<string, string | number>>;

const STATUSES: Readonly<Record<string, string>> = {
  '01': 'đã đến',
  '02': 'từ chối tiếp nhận',
  '03': 'đã tiếp nhận',
  '04': 'đã phân công',
  '05': 'đang xử lý',
  '06': 'hoàn thành',
};

const REGISTER_STATES: Readonly<Record<string, string>> = {
  reserved: 'đang giữ',
  issued: 'đã ban hành',
  void: 'đã hủy',
};

function named(status: string): string {
  return STATUSES[status] === undefined ? status : `${status} ${STATUSES[status]}`;
}

/**
 * What clerks and operators meet often, in Vietnamese: the packages below say it in English only. Each
 * sentence is made of the error's details; where one lacks, the English message stands.
 */
export const SENTENCES_VI: Readonly<Record<string, (details: Details) => string | undefined>> = {
  AGENT_RECIPIENT_UNKNOWN: ({ code }) =>
    code === undefined ? undefined : `danh bạ không có cơ quan ${code}`,
  AGENT_RECIPIENT_UNSEALABLE: ({ code }) =>
    code === undefined ? undefined : `không có chứng thư mã hóa còn hiệu lực của ${code}`,
  AGENT_RECIPIENT_CLOSED: ({ code, successors }) => {
    if (code === undefined) return undefined;
    const heirs =
      successors === undefined || successors === '' ? '' : `; cơ quan kế thừa: ${successors}`;
    return `cơ quan ${code} đã ngừng hoạt động${heirs}`;
  },
  AGENT_PACKAGE_TOO_LARGE: ({ bytes, limit }) =>
    bytes === undefined || limit === undefined
      ? undefined
      : `gói văn bản khoảng ${bytes} byte, chỉ gửi được tối đa ${limit} byte`,
  AGENT_FILE_TOO_LARGE: ({ name, bytes, limit }) =>
    name === undefined || bytes === undefined || limit === undefined
      ? undefined
      : `'${name}' có ${bytes} byte, chỉ đọc vào bộ nhớ tối đa ${limit} byte`,
  SIGNER_FILE_CHANGED: ({ name }) =>
    name === undefined ? undefined : `'${name}' đã thay đổi trong khi đang đóng gói`,
  AGENT_DOCUMENT_NOT_FOUND: ({ id, year, number }) => {
    if (id !== undefined) return `không có văn bản '${id}'`;
    return number === undefined ? undefined : `số ${number} năm ${year} chưa được cấp`;
  },
  AGENT_ID_AMBIGUOUS: ({ id }) =>
    id === undefined ? undefined : `nhiều văn bản có mã bắt đầu bằng '${id}'`,
  AGENT_STATE_CONFLICT: ({ status, given }) =>
    status === undefined || given === undefined
      ? undefined
      : `không thể chuyển sang "${named(String(status))}": văn bản đã có ${String(given)
          .split(',')
          .map((one) => `"${named(one)}"`)
          .join(', ')}`,
  AGENT_SECRET_DOCUMENT: () => 'văn bản có độ mật không được gửi qua trục',
  AGENT_KEY_REUSED: ({ number, year }) =>
    number === undefined ? undefined : `--key này đã dùng cho văn bản số ${number} năm ${year}`,
  AGENT_NUMBER_SETTLED: ({ number, year, state }) =>
    state === undefined
      ? undefined
      : `số ${number} năm ${year} ${REGISTER_STATES[String(state)] ?? state}`,
  AGENT_ALREADY_RUNNING: ({ file }) =>
    file === undefined ? undefined : `phần mềm nút của cơ quan này đang chạy (giữ '${file}')`,
  AGENT_HOME_EXISTS: ({ home }) => (home === undefined ? undefined : `'${home}' đã có`),
  AGENT_HOME_INVALID: ({ file }) =>
    file === undefined ? undefined : `không dùng được tệp '${file}'`,
  SIGNER_PDF_ENCRYPTED: () => 'PDF được bảo vệ bằng mật khẩu; hãy lưu lại không mật khẩu',
  SIGNER_PDF_XFA: () => 'PDF chứa biểu mẫu XFA; phải in ra PDF thường trước khi ký',
  SIGNER_PDF_ACTIVE_CONTENT: () => 'PDF chứa mã lệnh hoặc hành động tự chạy',
  SIGNER_PDF_NO_PAGES: () => 'PDF không có trang nào',
  SIGNER_PDF_NOT_PDF: () => 'tệp này không phải PDF',
  SIGNER_PDF_NO_SIGNATURE: () => 'PDF chưa có chữ ký số nào để gia hạn',
  SIGNER_PDF_TAMPERED: ({ fieldName }) =>
    fieldName === undefined ? undefined : `PDF đã bị sửa sau khi ký (chữ ký '${fieldName}')`,
  SIGNER_SEAL_NOT_RECIPIENT: () =>
    'tệp này không niêm phong cho chứng thư số trong tệp khóa đã chỉ',
  SIGNER_TOKEN_PIN_LOCKED: () =>
    'token đã khóa mã PIN; mở khóa bằng phần mềm của nhà cung cấp và mã PUK',
  SIGNER_P12_PASSPHRASE_WRONG: () => 'mật khẩu không mở được tệp khóa',
  SIGNER_AUTHORITY_PASSPHRASE_WRONG: () =>
    'mật khẩu không mở được khóa của cơ quan cấp chứng thư số',
  SIGNER_AUTHORITY_SERIAL_UNKNOWN: ({ serialNumber }) =>
    serialNumber === undefined
      ? undefined
      : `ở đây không cấp chứng thư số nào có số ${serialNumber}`,
  SIGNER_AUTHORITY_ALREADY_REVOKED: ({ serialNumber }) =>
    serialNumber === undefined ? undefined : `chứng thư số ${serialNumber} đã bị thu hồi`,
  SIGNER_AUTHORITY_DAMAGED: ({ line }) =>
    line === undefined ? undefined : `nhật ký cấp phát audit.log bị sửa hoặc thiếu từ dòng ${line}`,
  SIGNER_CSR_INVALID: () =>
    'không phải yêu cầu cấp chứng thư số, hoặc chữ ký của chính yêu cầu bị sai',
};
