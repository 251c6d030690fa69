import { outboxSchema } from '@larder/postgres';

export default (): string => outboxSchema();
