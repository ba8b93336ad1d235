import type { LongWork } from '@congvan/signer';

/** Makes steps that follow each other count on: each starts where the one before has ended. */
export function inSteps({ signal, onProgress }: LongWork): () => LongWork {
  let before = 0;
  let done = 0;
  return () => {
    before = done;
    return {
      ...(signal && { signal }),
      ...(onProgress && {
        onProgress: (bytes) => {
          done = before + bytes;
          onProgress(done);
        },
      }),
    };
  };
}
