import type { EdxmlAgency, EdxmlDocument, EdxmlStaff, EdxmlStatus } from './model.ts';

/** A value and the most characters that existing systems accept for it. */
export interface LengthRule {
  readonly path: string;
  readonly value: string | undefined;
  readonly max: number;
}

/** The bounded texts of a message with their limits (QCVN 102:2016 as implemented). */
export function lengthsOf(message: EdxmlDocument | EdxmlStatus): LengthRule[] {
  const from = agencyLengths('MessageHeader.From', message.from);
  if (message.kind === 'status') {
    return [...from, ...staffLengths('MessageHeader.StaffInfo', message.staff)];
  }
  return [
    ...from,
    ...message.to.flatMap((organ, index) => agencyLengths(`MessageHeader.To[${index}]`, organ)),
    ...headerLengths(message),
    rule('TraceHeaderList.Bussiness.BussinessDocReason', message.business.reason, 500),
    ...staffLengths('TraceHeaderList.Bussiness.StaffInfo', message.business.staff),
  ];
}

function headerLengths(document: EdxmlDocument): LengthRule[] {
  const { code, signatory, otherInfo } = document;
  return [
    rule('MessageHeader.Code.CodeNumber', code.number, 20),
    rule('MessageHeader.Code.CodeNotation', code.notation, 30),
    rule('MessageHeader.PromulgationInfo.Place', document.promulgation.place, 50),
    rule('MessageHeader.DocumentType.TypeName', document.documentType.name, 100),
    rule('MessageHeader.Subject', document.abstract, 500),
    rule('MessageHeader.Content', document.content, 500),
    rule('MessageHeader.SignerInfo.Competence', signatory.competence, 100),
    rule('MessageHeader.SignerInfo.Position', signatory.position, 100),
    rule('MessageHeader.SignerInfo.FullName', signatory.fullName, 100),
    ...document.toPlaces.map((place, index) =>
      rule(`MessageHeader.ToPlaces.Place[${index}]`, place, 150),
    ),
    rule('MessageHeader.OtherInfo.SphereOfPromulgation', otherInfo.sphereOfPromulgation, 100),
    rule('MessageHeader.OtherInfo.TyperNotation', otherInfo.typerNotation, 10),
    rule('MessageHeader.DocumentId', document.documentId, 100),
  ];
}

function agencyLengths(path: string, organ: EdxmlAgency): LengthRule[] {
  return [
    rule(`${path}.OrganId`, organ.organId, 35),
    rule(`${path}.OrganizationInCharge`, organ.organizationInCharge, 500),
    rule(`${path}.OrganName`, organ.organName, 200),
    rule(`${path}.OrganAdd`, organ.organAdd, 500),
    rule(`${path}.Email`, organ.email, 100),
    rule(`${path}.Telephone`, organ.telephone, 20),
    rule(`${path}.Fax`, organ.fax, 20),
    rule(`${path}.Website`, organ.website, 100),
  ];
}

function staffLengths(path: string, staff: EdxmlStaff | undefined): LengthRule[] {
  return [
    rule(`${path}.Department`, staff?.department, 300),
    rule(`${path}.Staff`, staff?.staff, 300),
    rule(`${path}.Mobile`, staff?.mobile, 30),
    rule(`${path}.Email`, staff?.email, 100),
  ];
}

function rule(path: string, value: string | undefined, max: number): LengthRule {
  return { path, value, max };
}
