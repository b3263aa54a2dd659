using System.Diagnostics;
using System.Threading.Channels;
using VisionPlatform.Domain.Errors;
using VisionPlatform.ModelServer.Models;
using VisionPlatform.ModelServer.Telemetry;

namespace VisionPlatform.ModelServer.Inference;

/// <summary>An image that waits for its answer.</summary>
internal sealed class WaitingImage(InputImage image, AnswerOptions options, CancellationToken cancellation)
{
    public InputImage Image { get; } = image;
    public AnswerOptions Options { get; } = options;
    public CancellationToken Cancellation { get; } = cancellation;
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>Continues elsewhere, so that no caller's code runs between two batches.</summary>
    public TaskCompletionSource<ImageAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// The images that wait for one model. They are computed together as they come: while one batch is computed, the next one gathers. An image waits for
/// others only while some are still being decoded, and no longer than the delay. When a batch fails, each of its images is computed alone, so that
/// only those fail which are the reason.
/// </summary>
internal sealed class BatchQueue : IAsyncDisposable
{
    private readonly Channel<WaitingImage> _waiting;
    private readonly Func<IReadOnlyList<WaitingImage>, IReadOnlyList<ImageAnswer>> _compute;
    private readonly int _maxBatch;
    private readonly TimeSpan _delay;
    private readonly Task _loop;

    /// <summary>Holds one signal at most: an image was queued, or the last one on its way has arrived.</summary>
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private int _arriving;

    public BatchQueue(Func<IReadOnlyList<WaitingImage>, IReadOnlyList<ImageAnswer>> compute, int maxBatch, TimeSpan delay, int capacity)
    {
        (_compute, _maxBatch, _delay) = (compute, maxBatch, delay);
        _waiting = Channel.CreateBounded<WaitingImage>(new BoundedChannelOptions(capacity) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Says that an image is being decoded. Call <see cref="Arrived"/> when it was queued or could not be.</summary>
    public void Announce() => Interlocked.Increment(ref _arriving);

    /// <summary>Says that an announced image was queued or could not be.</summary>
    public void Arrived()
    {
        if (Interlocked.Decrement(ref _arriving) == 0)
            _changes.Writer.TryWrite(true);
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelServerBusy"/> if too many wait already.</exception>
    public void Add(WaitingImage image)
    {
        if (!_waiting.Writer.TryWrite(image))
            throw new ProblemException(ErrorCodes.ModelServerBusy, "Too many images wait for this model.") { RetryAfter = TimeSpan.FromSeconds(1) };
        _changes.Writer.TryWrite(true);
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        _changes.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        var batch = new List<WaitingImage>(_maxBatch);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            Gather(batch);
            while (batch.Count > 0 && batch.Count < _maxBatch && Volatile.Read(ref _arriving) > 0 && _delay - Stopwatch.GetElapsedTime(batch[0].Since) is { Ticks: > 0 } left)
            {
                if (!await ChangesWithinAsync(left))
                    break;
                Gather(batch);
            }
            if (batch.Count > 0)
                Answer(batch);
            batch.Clear();
        }
    }

    private void Gather(List<WaitingImage> batch)
    {
        while (batch.Count < _maxBatch && _waiting.Reader.TryRead(out var image))
            if (image.Cancellation.IsCancellationRequested)
                image.Answer.TrySetCanceled(image.Cancellation);
            else
                batch.Add(image);
    }

    /// <summary>Whether something changed in this time. A signal may be older than the wait: look again at what it is about.</summary>
    private async Task<bool> ChangesWithinAsync(TimeSpan time)
    {
        using var stop = new CancellationTokenSource(time);
        try
        {
            return await _changes.Reader.WaitToReadAsync(stop.Token) && _changes.Reader.TryRead(out _);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Answer(List<WaitingImage> batch)
    {
        ServerMetrics.Batches.Record(batch.Count);
        try
        {
            var answers = _compute(batch);
            for (var i = 0; i < batch.Count; i++)
                batch[i].Answer.TrySetResult(answers[i]);
        }
        catch (Exception) when (batch.Count > 1)
        {
            foreach (var image in batch)
                Answer([image]);
        }
        catch (Exception failure)
        {
            batch[0].Answer.TrySetResult(Runtime.IsOutOfMemory(failure)
                ? ImageAnswer.Of(ErrorCodes.ModelServerBusy, "There was no memory to compute the answer.")
                : ImageAnswer.Of(ErrorCodes.FrameworkError, "The model failed on this image."));
        }
    }
}
