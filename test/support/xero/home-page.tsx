/**
 * The first page: the organisations on this stage.
 */
import { amountDue } from './books.ts';
import { formatCents } from './decimal.ts';
import { Frame } from './layout.tsx';
import type { Organisation } from './types.ts';

export function HomePage({ organisations }: { organisations: readonly Organisation[] }) {
  return (
    <Frame title="Organisations">
      <h1>Organisations</h1>
      <ul class="tiles">
        {organisations.map(organisation => (
          <li key={organisation.id}>
            <a class="card" href={`/organisations/${organisation.key}`}>
              <strong>{organisation.name}</strong>
              <span class="muted">{organisation.baseCurrency}</span>
              <span>{summary(organisation)}</span>
            </a>
          </li>
        ))}
      </ul>
    </Frame>
  );
}

function summary(organisation: Organisation): string {
  const { docs } = organisation;
  if (docs.length === 0) return 'No invoices yet';
  const due = docs.reduce((sum, doc) => sum + amountDue(organisation, doc), 0);
  const documents = docs.length === 1 ? '1 document' : `${docs.length} documents`;
  return due === 0 ? `${documents}, nothing due` : `${documents}, ${formatCents(due)} due`;
}
