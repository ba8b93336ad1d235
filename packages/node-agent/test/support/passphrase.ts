export const PASSPHRASE = 'mật khẩu thử nghiệm';
