/** What the mapping page shows; read by its parts. */
import type { Mapping } from '../../books/mapping.ts';
import type { Preview } from '../../books/preview.ts';
import type { StoreRecord } from '../../db/records.ts';
import type { Chart } from '../../xero/chart.ts';
import type { FieldError } from '../call.ts';
import type { MappedName } from '../mapping-names.ts';

export interface MappingProps {
  store: StoreRecord;
  /** As it stands in the form, saved or not. */
  mapping: Mapping;
  chart: Chart;
  names: MappedName[];
  today: Preview | undefined;
  /** Stores with a mapping of the same organisation. */
  others: StoreRecord[];
  /** What was done to the form without saving it. */
  unsaved: string | undefined;
  errors: FieldError[];
}
