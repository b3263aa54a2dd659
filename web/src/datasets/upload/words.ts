/** Text of the upload panel. */
export interface UploadWords {
  drop: string;
  dropHint: string;
  chooseFiles: string;
  chooseFolder: string;
  reading: (files: number) => string;
  uploading: string;
  paused: string;
  finishing: string;
  finished: string;
  finishedWithErrors: (failed: number) => string;
  cancelled: string;
  progress: (done: number, all: number) => string;
  speed: (bytes: string, files: number) => string;
  remaining: (text: string) => string;
  seconds: (n: number) => string;
  minutes: (n: number) => string;
  hours: (n: number) => string;
  pause: string;
  resume: string;
  cancel: string;
  cancelQuestion: string;
  cancelKeeps: string;
  keepGoing: string;
  retryAll: (failed: number) => string;
  retry: string;
  failedFiles: string;
  moreFailed: (n: number) => string;
  uploaded: (n: number) => string;
  alreadyThere: (n: number) => string;
  leftOut: (n: number) => string;
  failed: (n: number) => string;
  unpacking: (name: string) => string;
  archiveDone: (taken: number, skipped: number, refused: number) => string;
  waitingForNetwork: string;
  resumeHint: string;
  close: string;
  retriesSoon: (n: number) => string;
  reasons: {
    network: string;
    expired: string;
    unreadable: string;
    empty: string;
    cancelled: string;
  };
}

export const uploadWordsEn: UploadWords = {
  drop: 'Drop images, folders or archives here',
  dropHint: 'JPEG, PNG, WebP, BMP, TIFF and GIF, or a ZIP or TAR of them',
  chooseFiles: 'Choose files',
  chooseFolder: 'Choose a folder',
  reading: files => `Reading the folder: ${files.toLocaleString('en')} files`,
  uploading: 'Uploading',
  paused: 'Paused',
  finishing: 'Checking the last images',
  finished: 'Everything is uploaded',
  finishedWithErrors: failed => (failed === 1 ? 'Finished, 1 file was not taken' : `Finished, ${failed.toLocaleString('en')} files were not taken`),
  cancelled: 'Cancelled',
  progress: (done, all) => `${done.toLocaleString('en')} of ${all.toLocaleString('en')} files`,
  speed: (bytes, files) => `${bytes}/s, ${files.toLocaleString('en')} files/s`,
  remaining: text => `${text} left`,
  seconds: n => `${n} s`,
  minutes: n => `${n} min`,
  hours: n => `${n} h`,
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  cancelQuestion: 'Cancel this upload?',
  cancelKeeps: 'Images that are already uploaded stay in the dataset.',
  keepGoing: 'Keep uploading',
  retryAll: failed => (failed === 1 ? 'Try 1 file again' : `Try ${failed.toLocaleString('en')} files again`),
  retry: 'Try again',
  failedFiles: 'Files that were not taken',
  moreFailed: n => `and ${n.toLocaleString('en')} more`,
  uploaded: n => `${n.toLocaleString('en')} uploaded`,
  alreadyThere: n => `${n.toLocaleString('en')} were already there`,
  leftOut: n => `${n.toLocaleString('en')} are no images`,
  failed: n => `${n.toLocaleString('en')} failed`,
  unpacking: name => `Unpacking ${name}`,
  archiveDone: (taken, skipped, refused) => `${taken.toLocaleString('en')} taken, ${skipped.toLocaleString('en')} skipped, ${refused.toLocaleString('en')} refused`,
  waitingForNetwork: 'The network is away. The upload goes on when it is back.',
  resumeHint: 'If this page is closed, drop the same folder again: what is uploaded is skipped.',
  close: 'Close',
  retriesSoon: n => (n === 1 ? '1 file is tried again soon' : `${n.toLocaleString('en')} files are tried again soon`),
  reasons: {
    network: 'The connection broke several times.',
    expired: 'The upload address expired several times.',
    unreadable: 'The file could not be read. It may have been moved or changed.',
    empty: 'The file is empty.',
    cancelled: 'Cancelled.',
  },
};

export const uploadWordsKo: UploadWords = {
  drop: '이미지, 폴더 또는 압축 파일을 여기에 놓으세요',
  dropHint: 'JPEG, PNG, WebP, BMP, TIFF, GIF 또는 이들의 ZIP, TAR',
  chooseFiles: '파일 선택',
  chooseFolder: '폴더 선택',
  reading: files => `폴더를 읽는 중: 파일 ${files.toLocaleString('ko')}개`,
  uploading: '업로드 중',
  paused: '일시 정지됨',
  finishing: '마지막 이미지를 확인하는 중',
  finished: '모두 업로드했습니다',
  finishedWithErrors: failed => `완료, 파일 ${failed.toLocaleString('ko')}개는 받지 못했습니다`,
  cancelled: '취소됨',
  progress: (done, all) => `파일 ${all.toLocaleString('ko')}개 중 ${done.toLocaleString('ko')}개`,
  speed: (bytes, files) => `초당 ${bytes}, 파일 ${files.toLocaleString('ko')}개`,
  remaining: text => `${text} 남음`,
  seconds: n => `${n}초`,
  minutes: n => `${n}분`,
  hours: n => `${n}시간`,
  pause: '일시 정지',
  resume: '계속',
  cancel: '취소',
  cancelQuestion: '이 업로드를 취소할까요?',
  cancelKeeps: '이미 업로드한 이미지는 데이터셋에 남습니다.',
  keepGoing: '계속 업로드',
  retryAll: failed => `파일 ${failed.toLocaleString('ko')}개 다시 시도`,
  retry: '다시 시도',
  failedFiles: '받지 못한 파일',
  moreFailed: n => `외 ${n.toLocaleString('ko')}개`,
  uploaded: n => `${n.toLocaleString('ko')}개 업로드`,
  alreadyThere: n => `${n.toLocaleString('ko')}개는 이미 있음`,
  leftOut: n => `${n.toLocaleString('ko')}개는 이미지가 아님`,
  failed: n => `${n.toLocaleString('ko')}개 실패`,
  unpacking: name => `${name} 압축을 푸는 중`,
  archiveDone: (taken, skipped, refused) => `${taken.toLocaleString('ko')}개 추가, ${skipped.toLocaleString('ko')}개 건너뜀, ${refused.toLocaleString('ko')}개 거부`,
  waitingForNetwork: '네트워크가 끊겼습니다. 다시 연결되면 업로드가 이어집니다.',
  resumeHint: '페이지를 닫았다면 같은 폴더를 다시 놓으세요. 업로드한 파일은 건너뜁니다.',
  close: '닫기',
  retriesSoon: n => `파일 ${n.toLocaleString('ko')}개를 곧 다시 시도합니다`,
  reasons: {
    network: '연결이 여러 번 끊겼습니다.',
    expired: '업로드 주소가 여러 번 만료되었습니다.',
    unreadable: '파일을 읽을 수 없습니다. 옮겨졌거나 바뀌었을 수 있습니다.',
    empty: '빈 파일입니다.',
    cancelled: '취소되었습니다.',
  },
};
