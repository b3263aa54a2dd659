import { defineWords } from '../app/words';

export const exportWords = defineWords({
  en: {
    exports: 'Exports', none: 'Nothing was exported yet', noneText: 'An export is a file of the model that runs elsewhere, compared with the checkpoint on real held-out images.',
    newExport: 'New export', format: 'Format', start: 'Start export', started: 'The export is started.', state: 'State', size: 'Size', created: 'Created', certificate: 'Certificate',
    precision: 'Precision', opset: 'ONNX opset', opsetHint: 'Version of the operators; empty for the one that suits the model.', package: 'Package', engine: 'Measured with', before: 'Before', after: 'After', split: 'Images of',
    metricOf: (name: string) => `${name} of the checkpoint and of the file`, arrow: (before: string, after: string) => `${before} → ${after}`, decoder: 'Second decoder', batches: 'Largest difference by batch', batchOf: (size: number, difference: string) => `${size}: ${difference}`, notMeasured: 'Not measured',
    agreement: 'Same answer as the checkpoint', difference: 'Largest difference', differenceOf: (value: string, limit: string) => `${value} (allowed: ${limit})`, samples: 'Held-out images', accuracy: 'Accuracy of the file', reference: 'Accuracy of the checkpoint',
    passed: 'Verified', notPassed: 'Not verified', download: 'Download', deploy: 'Deploy', addTo: 'Add to a deployment', chooseModel: 'Model', noModels: 'There is no model to export yet',
    states: { pending: 'Waiting', running: 'Exporting', completed: 'Ready', failed: 'Failed', cancelled: 'Cancelled' }, trainerAway: 'No trainer of this framework answers, so its formats are not known.',
  },
  ko: {
    exports: '내보내기', none: '아직 내보낸 파일이 없습니다', noneText: '내보내기는 다른 곳에서 실행할 수 있는 모델 파일이며, 실제 검증 이미지로 체크포인트와 비교됩니다.',
    newExport: '새 내보내기', format: '형식', start: '내보내기 시작', started: '내보내기를 시작했습니다.', state: '상태', size: '크기', created: '생성', certificate: '인증서',
    precision: '정밀도', opset: 'ONNX opset', opsetHint: '연산자 버전. 비워 두면 모델에 맞는 버전을 사용합니다.', package: '패키지', engine: '측정 엔진', before: '이전', after: '이후', split: '이미지 분할',
    metricOf: (name: string) => `체크포인트와 파일의 ${name}`, arrow: (before: string, after: string) => `${before} → ${after}`, decoder: '두 번째 디코더', batches: '배치별 최대 차이', batchOf: (size: number, difference: string) => `${size}장: ${difference}`, notMeasured: '측정하지 않음',
    agreement: '체크포인트와 같은 답', difference: '최대 차이', differenceOf: (value: string, limit: string) => `${value} (허용: ${limit})`, samples: '검증 이미지', accuracy: '파일 정확도', reference: '체크포인트 정확도',
    passed: '검증됨', notPassed: '검증되지 않음', download: '다운로드', deploy: '배포', addTo: '배포에 추가', chooseModel: '모델', noModels: '내보낼 모델이 아직 없습니다',
    states: { pending: '대기 중', running: '내보내는 중', completed: '준비됨', failed: '실패', cancelled: '취소됨' }, trainerAway: '이 프레임워크의 트레이너가 응답하지 않아 형식을 알 수 없습니다.',
  },
});
