export { firstEnding } from './certificates.ts';
export { ConditionBook } from './condition.ts';
export { describeCondition } from './describe.ts';
export { tellTlsFault } from './tls-trouble.ts';
