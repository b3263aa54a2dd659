import { defineWords } from '../app/words';

export const modelWords = defineWords({
  en: {
    models: 'Models', none: 'No models yet', noneText: 'A training job that ends well leaves a model. Train on a published dataset version to get the first one.', toJobs: 'Go to training',
    name: 'Name', task: 'Task', versions: 'Versions', version: (number: number) => `Version ${number}`, created: 'Created', latest: 'Latest version',
    architecture: 'Architecture', framework: 'Framework', checkpoint: 'Checkpoint', checkpointOf: (epoch: number, size: string) => `epoch ${epoch}, ${size}`, download: 'Download', metric: 'Metric', value: 'Value', metrics: 'Metrics',
    primary: 'decides which is best', classes: 'Classes', perClass: 'Per class', confusion: 'Confusion matrix', precision: 'Precision', recall: 'Recall', f1: 'F1', support: 'Images', className: 'Class',
    lineage: 'Where it comes from, where it goes', job: 'Training job', dataset: 'Dataset version', exports: 'Exports', open: 'Open', newExport: 'New export', predict: 'Predict a dataset', chooseVersion: 'Version of the model',
  },
  ko: {
    models: '모델', none: '아직 모델이 없습니다', noneText: '학습 작업이 성공하면 모델이 만들어집니다. 게시한 데이터셋 버전으로 첫 학습을 시작하세요.', toJobs: '학습으로 이동',
    name: '이름', task: '작업 유형', versions: '버전', version: (number: number) => `버전 ${number}`, created: '생성', latest: '최신 버전',
    architecture: '아키텍처', framework: '프레임워크', checkpoint: '체크포인트', checkpointOf: (epoch: number, size: string) => `에폭 ${epoch}, ${size}`, download: '다운로드', metric: '지표', value: '값', metrics: '지표',
    primary: '최고 모델의 기준', classes: '클래스', perClass: '클래스별', confusion: '혼동 행렬', precision: '정밀도', recall: '재현율', f1: 'F1', support: '이미지', className: '클래스',
    lineage: '출처와 사용처', job: '학습 작업', dataset: '데이터셋 버전', exports: '내보내기', open: '열기', newExport: '새 내보내기', predict: '데이터셋 예측', chooseVersion: '모델 버전',
  },
});

export const taskWords = defineWords({
  en: { image_classification: 'Classification', object_detection: 'Object detection', instance_segmentation: 'Instance segmentation', semantic_segmentation: 'Semantic segmentation', keypoint_detection: 'Keypoints', oriented_detection: 'Oriented boxes' },
  ko: { image_classification: '분류', object_detection: '객체 탐지', instance_segmentation: '인스턴스 분할', semantic_segmentation: '의미 분할', keypoint_detection: '키포인트', oriented_detection: '회전 박스' },
});
