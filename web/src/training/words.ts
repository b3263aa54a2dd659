import { defineWords } from '../app/words';

/** Texts of the list of jobs, of the comparison, and what all screens of training share. */
export const trainingWords = defineWords({
  en: {
    training: 'Training', newTraining: 'New training', jobs: 'Training jobs',
    states: {
      pending: 'Not started', queued: 'Queued', starting: 'Starting', running: 'Training', finalizing: 'Storing the model', completed: 'Completed', failed: 'Failed', cancelled: 'Cancelled',
    },
    tasks: {
      image_classification: 'Classification', object_detection: 'Object detection', instance_segmentation: 'Instance segmentation', semantic_segmentation: 'Semantic segmentation',
      keypoint_detection: 'Keypoints', oriented_detection: 'Rotated boxes',
    },
    none: 'No training yet', noneText: 'A training takes a published dataset version and makes a model version. Its curves, log and checkpoints stay here.',
    noneFound: 'No training matches these filters', clearFilters: 'Clear filters',
    search: 'Search jobs and notes', state: 'State', task: 'Task', allStates: 'All states', active: 'Not ended', allTasks: 'All tasks',
    name: 'Name', model: 'Model', dataset: 'Dataset', progress: 'Progress', best: 'Best', duration: 'Duration', created: 'Created', epochOf: (epoch: string, total: string) => `${epoch} of ${total}`,
    epochs: (count: string) => `${count} epochs`, epoch: (epoch: string) => `Epoch ${epoch}`, eta: (time: string) => `${time} left`, view: 'View', table: 'Table', cards: 'Cards',
    select: (name: string) => `Select ${name} for comparison`, compare: 'Compare', compareCount: (count: string) => `Compare ${count}`, compareWhy: 'Select two or more jobs to compare them.',
    clearSelection: 'Clear selection', selected: (count: string) => `${count} selected`, shown: (shown: string, all: string) => (shown !== all ? `${shown} of ${all} jobs` : all === '1' ? '1 job' : `${all} jobs`), gone: 'Deleted',
    sort: 'Sort', newest: 'Newest first', oldest: 'Oldest first', bestFirst: 'Best metric first', longest: 'Longest first', byName: 'By name',
    comparison: 'Compare jobs', compareNone: 'Nothing to compare', compareNoneText: 'Choose two or more jobs in the list of training jobs.', toJobs: 'Go to training jobs',
    curves: 'Curves', differences: 'Configuration', onlyDifferences: 'Only what differs', noDifferences: 'These jobs have the same configuration.', setting: 'Setting', metrics: 'Metrics',
    metric: 'Metric', removeJob: (name: string) => `Remove ${name} from the comparison`, bestMark: 'best', measuredAt: 'The metrics of each job’s best epoch. The best of a row is marked.',
    notFound: (count: string) => `${count} of the jobs could not be loaded and are left out.`, metricsShown: 'Metrics shown', parallel: 'Settings and result', parallelText: 'What was set, and what came of it. Drag along an axis to narrow the jobs.',
    secondsPerEpoch: 'Time per epoch', bestEpoch: 'Best epoch', framework: 'Framework', defaultValue: 'default',
    priority: 'Priority', priorities: { high: 'High', normal: 'Normal', low: 'Low' }, priorityHint: 'The order of your own waiting jobs in this project. People and projects take turns whatever it is.',
  },
  ko: {
    training: '학습', newTraining: '새 학습', jobs: '학습 작업',
    states: {
      pending: '시작 전', queued: '대기 중', starting: '시작하는 중', running: '학습 중', finalizing: '모델 저장 중', completed: '완료', failed: '실패', cancelled: '취소됨',
    },
    tasks: {
      image_classification: '이미지 분류', object_detection: '객체 탐지', instance_segmentation: '인스턴스 분할', semantic_segmentation: '시맨틱 분할',
      keypoint_detection: '키포인트', oriented_detection: '회전 박스',
    },
    none: '아직 학습이 없습니다', noneText: '게시된 데이터셋 버전으로 학습하면 모델 버전이 만들어집니다. 곡선, 로그, 체크포인트가 여기에 남습니다.',
    noneFound: '조건에 맞는 학습이 없습니다', clearFilters: '필터 지우기',
    search: '작업과 메모 검색', state: '상태', task: '작업 유형', allStates: '모든 상태', active: '끝나지 않음', allTasks: '모든 유형',
    name: '이름', model: '모델', dataset: '데이터셋', progress: '진행률', best: '최고 지표', duration: '소요 시간', created: '생성', epochOf: (epoch: string, total: string) => `${total} 중 ${epoch}`,
    epochs: (count: string) => `에폭 ${count}개`, epoch: (epoch: string) => `에폭 ${epoch}`, eta: (time: string) => `${time} 남음`, view: '보기', table: '표', cards: '카드',
    select: (name: string) => `${name} 비교 대상으로 선택`, compare: '비교', compareCount: (count: string) => `${count}개 비교`, compareWhy: '비교하려면 작업을 두 개 이상 선택하세요.',
    clearSelection: '선택 해제', selected: (count: string) => `${count}개 선택됨`, shown: (shown: string, all: string) => (shown === all ? `작업 ${all}개` : `작업 ${all}개 중 ${shown}개`), gone: '삭제됨',
    sort: '정렬', newest: '최신순', oldest: '오래된순', bestFirst: '지표 높은순', longest: '오래 걸린순', byName: '이름순',
    comparison: '작업 비교', compareNone: '비교할 작업이 없습니다', compareNoneText: '학습 작업 목록에서 두 개 이상 선택하세요.', toJobs: '학습 작업으로 이동',
    curves: '곡선', differences: '설정', onlyDifferences: '다른 항목만', noDifferences: '설정이 모두 같습니다.', setting: '설정 항목', metrics: '지표',
    metric: '지표', removeJob: (name: string) => `비교에서 ${name} 제외`, bestMark: '최고', measuredAt: '각 작업의 최고 에폭에서 측정한 지표입니다. 행마다 가장 좋은 값을 표시합니다.',
    notFound: (count: string) => `작업 ${count}개를 불러오지 못해 제외했습니다.`, metricsShown: '표시할 지표', parallel: '설정과 결과', parallelText: '설정한 값과 그 결과입니다. 축을 따라 끌면 작업을 좁힐 수 있습니다.',
    secondsPerEpoch: '에폭당 시간', bestEpoch: '최고 에폭', framework: '프레임워크', defaultValue: '기본값',
    priority: '우선순위', priorities: { high: '높음', normal: '보통', low: '낮음' }, priorityHint: '이 프로젝트에서 대기 중인 내 작업들 사이의 순서입니다. 사람과 프로젝트는 우선순위와 관계없이 번갈아 차례가 됩니다.',
  },
});
