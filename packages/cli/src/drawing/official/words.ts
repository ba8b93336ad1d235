/** What stands in every official document (Decree 30/2020, appendix I), and its usual translation. */
export interface OfficialWords {
  readonly nation: string;
  readonly motto: string;
  readonly number: string;
  readonly recipients: string;
  /** What stands before the archive's mark. */
  readonly archive: string;
  placeAndDate(place: string | undefined, issuedOn: string): string;
}

const MONTHS =
  'January February March April May June July August September October November December'.split(
    ' ',
  );

export const WORDS: Readonly<Record<'vi' | 'en', OfficialWords>> = {
  vi: {
    nation: 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM',
    motto: 'Độc lập - Tự do - Hạnh phúc',
    number: 'Số',
    recipients: 'Nơi nhận:',
    archive: 'Lưu',
    /** `Dĩ An, ngày 05 tháng 02 năm 2026`: days below 10 and the months 1 and 2 take a leading zero. */
    placeAndDate(place, issuedOn) {
      const [year, month, day] = issuedOn.split('-');
      const monthText = Number(month) <= 2 ? `0${Number(month)}` : `${Number(month)}`;
      const date = `gày ${day} tháng ${monthText} năm ${year}`;
      return place === undefined ? `N${date}` : `${place}, n${date}`;
    },
  },
  en: {
    nation: 'SOCIALIST REPUBLIC OF VIET NAM',
    motto: 'Independence - Freedom - Happiness',
    number: 'No.',
    recipients: 'Recipients:',
    archive: 'Archive',
    placeAndDate(place, issuedOn) {
      const [year, month, day] = issuedOn.split('-').map(Number);
      const date = `${day} ${MONTHS[(month ?? 1) - 1]} ${year}`;
      return place === undefined ? date : `${place}, ${date}`;
    },
  },
};
