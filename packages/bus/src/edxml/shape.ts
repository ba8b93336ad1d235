import {
  type Shape,
  block,
  date,
  flag,
  integer,
  integerOr,
  optionalBlock,
  optionalText,
  optionalToken,
  repeated,
  requiredDate,
  text,
  textList,
  timestamp,
  token,
  wrapped,
} from './field.ts';
import type {
  EdxmlAgency,
  EdxmlBusiness,
  EdxmlCode,
  EdxmlDocumentInfo,
  EdxmlDocumentType,
  EdxmlMessageHeader,
  EdxmlOtherInfo,
  EdxmlPromulgation,
  EdxmlReceiverChange,
  EdxmlReplacement,
  EdxmlResponseFor,
  EdxmlSignatory,
  EdxmlStaff,
  EdxmlStatusHeader,
  EdxmlTraceHeader,
} from './model.ts';

export const agency: Shape<EdxmlAgency> = {
  organId: token('OrganId'),
  organizationInCharge: optionalText('always', 'OrganizationInCharge'),
  organName: optionalText('always', 'OrganName'),
  organAdd: optionalText('always', 'OrganAdd'),
  email: optionalText('always', 'Email'),
  telephone: optionalText('always', 'Telephone'),
  fax: optionalText('always', 'Fax'),
  website: optionalText('always', 'Website'),
};

const code: Shape<EdxmlCode> = { number: token('CodeNumber'), notation: token('CodeNotation') };

export const promulgation: Shape<EdxmlPromulgation> = {
  place: optionalText('always', 'Place'),
  date: requiredDate('PromulgationDate'),
};

export const documentType: Shape<EdxmlDocumentType> = {
  type: integer('Type'),
  detail: integer('TypeDetail'),
  name: text('TypeName'),
};

const signatory: Shape<EdxmlSignatory> = {
  competence: optionalText('always', 'Competence'),
  position: optionalText('always', 'Position'),
  fullName: optionalText('always', 'FullName'),
};

export const otherInfo: Shape<EdxmlOtherInfo> = {
  priority: integerOr(0, 'Priority'),
  sphereOfPromulgation: optionalText('always', 'SphereOfPromulgation'),
  typerNotation: optionalText('always', 'TyperNotation'),
  promulgationAmount: integer('PromulgationAmount'),
  pageAmount: integer('PageAmount'),
  direction: flag('Direction'),
  appendixes: textList('always', 'Appendixes', 'Appendix'),
};

export const responseFor: Shape<EdxmlResponseFor> = {
  organId: token('OrganId'),
  code: token('Code'),
  promulgationDate: requiredDate('PromulgationDate'),
  documentId: token('DocumentId'),
};

const staff: Shape<EdxmlStaff> = {
  department: optionalText('always', 'Department'),
  staff: optionalText('always', 'Staff'),
  mobile: optionalText('always', 'Mobile'),
  email: optionalText('always', 'Email'),
};

const receiver: Shape<EdxmlReceiverChange> = {
  organId: token('OrganId'),
  receiverType: integerOr(1, 'ReceiverType'),
};

const documentInfo: Shape<EdxmlDocumentInfo> = {
  documentInfo: integer('DocumentInfo'),
  documentReceiver: integer('DocumentReceiver'),
  receivers: wrapped('ReceiverList', 'Receiver', receiver),
};

const replacement: Shape<EdxmlReplacement> = {
  documentId: token('DocumentId'),
  organIds: textList('always', 'OrganIdList', 'OrganId'),
};

export const traceHeader: Shape<EdxmlTraceHeader> = {
  organId: token('OrganId'),
  timestamp: timestamp('Timestamp'),
};

/** The double s is the regulation's; readers meet both spellings. */
export const business: Shape<EdxmlBusiness> = {
  type: integerOr(0, 'BussinessDocType', 'BusinessDocType'),
  reason: optionalText('always', 'BussinessDocReason', 'BusinessDocReason'),
  documentInfo: optionalBlock(documentInfo, 'BussinessDocumentInfo', 'BusinessDocumentInfo'),
  documentId: optionalToken('DocumentId'),
  staff: optionalBlock(staff, 'StaffInfo'),
  paper: integer('Paper'),
  replacements: wrapped('ReplacementInfoList', 'ReplacementInfo', replacement),
};

export const messageHeader: Shape<EdxmlMessageHeader> = {
  from: block('From', agency),
  to: repeated('To', agency),
  code: block('Code', code),
  promulgation: block('PromulgationInfo', promulgation),
  documentType: block('DocumentType', documentType),
  abstract: text('Subject'),
  content: optionalText('always', 'Content'),
  signatory: block('SignerInfo', signatory),
  dueDate: date('always', 'DueDate'),
  toPlaces: textList('always', 'ToPlaces', 'Place'),
  otherInfo: block('OtherInfo', otherInfo),
  responseFor: repeated('ResponseFor', responseFor),
  steeringType: integer('SteeringType'),
  documentId: token('DocumentId'),
};

export const statusHeader: Shape<EdxmlStatusHeader> = {
  from: block('From', agency),
  responseFor: block('ResponseFor', responseFor),
  staff: optionalBlock(staff, 'StaffInfo'),
  statusCode: token('StatusCode'),
  description: optionalText('always', 'Description'),
  timestamp: timestamp('Timestamp'),
};
