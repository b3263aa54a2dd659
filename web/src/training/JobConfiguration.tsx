import type { ConfigField, TrainingJob } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Card } from '../parts/Page';
import { Skeleton } from '../parts/States';
import { groupsOf } from './config';
import { useTrainers } from './data';
import { useFieldName, useGroupName, valueText } from './fields';
import styles from './Job.module.css';
import { useJob } from './JobPage';
import { jobWords } from './jobWords';

/** What the job is trained with, and which of it is the trainer's default. */
export function JobConfiguration() {
  const words = useWords(jobWords);
  const job = useJob();
  const trainers = useTrainers();
  if (job === undefined || trainers.isPending) return <Card title={words.configuration}><Skeleton lines={12} height={24} /></Card>;
  const fields = trainers.data?.items.find((trainer) => trainer.framework === job.framework)?.capabilities?.configSchema.fields;
  const changed = fields?.filter((field) => !isDefault(field, job.config[field.name])).length ?? 0;
  return (
    <Card title={words.configuration} actions={<span className={styles.muted}>{fields === undefined ? '' : words.changed(number(changed))}</span>}>
      {fields === undefined ? <><p className={styles.muted}>{words.unknownSettings}</p><Plain job={job} /></> : <Groups job={job} fields={fields} />}
    </Card>
  );
}

const isDefault = (field: ConfigField, value: unknown): boolean => value === undefined || JSON.stringify(value) === JSON.stringify(field.default ?? null);

function Groups({ job, fields }: { job: TrainingJob; fields: readonly ConfigField[] }) {
  const words = useWords(jobWords);
  const fieldName = useFieldName();
  const groupName = useGroupName();
  return (
    <div className={styles.settings}>
      {groupsOf(fields).map(({ group, fields: inGroup }) => (
        <section key={group ?? ''}>
          <h3>{groupName(group) || words.ungrouped}</h3>
          <dl>
            {inGroup.map((field) => {
              const usual = isDefault(field, job.config[field.name]);
              return (
                <div key={field.name} className={styles.setting} data-changed={!usual || undefined}>
                  <dt>{fieldName(field.name)} {field.advanced && <Badge>{words.advanced}</Badge>}</dt>
                  <dd>{usual && field.default === null ? words.modelDecides : valueText(usual ? field.default : job.config[field.name])}</dd>
                  <dd>{usual ? words.isDefault : `${words.default}: ${field.default === null ? words.modelDecides : valueText(field.default)}`}</dd>
                </div>
              );
            })}
          </dl>
        </section>
      ))}
    </div>
  );
}

function Plain({ job }: { job: TrainingJob }) {
  const fieldName = useFieldName();
  return <dl>{Object.entries(job.config).map(([name, value]) => <div key={name} className={styles.setting}><dt>{fieldName(name)}</dt><dd>{valueText(value)}</dd><dd /></div>)}</dl>;
}
