using VisionPlatform.ModelServer.Inference;

namespace VisionPlatform.ModelServer.Tests;

/// <summary>How waiting images are computed together.</summary>
public sealed class BatchQueueTests
{
    /// <summary>A delay that no test waits for: what is answered was not held up by it.</summary>
    private static readonly TimeSpan Forever = TimeSpan.FromHours(1);

    private static WaitingImage Image(int number) => new(new InputImage([(byte)number], default), new AnswerOptions(1, 0), CancellationToken.None);

    [Fact]
    public async Task What_comes_while_a_batch_is_computed_is_the_next_batch()
    {
        var (sizes, go, started) = (new List<int>(), new SemaphoreSlim(0), new SemaphoreSlim(0));
        await using var queue = new BatchQueue(images =>
        {
            lock (sizes)
                sizes.Add(images.Count);
            started.Release();
            go.Wait();
            return Answers(images);
        }, maxBatch: 4, Forever, capacity: 100);
        var first = Image(0);
        queue.Add(first);
        await started.WaitAsync();
        WaitingImage[] next = [.. Enumerable.Range(1, 6).Select(Image)];
        foreach (var image in next)
            queue.Add(image);

        go.Release(3);

        await AnswersOfAsync([.. next, first]);
        Assert.Equal([1, 4, 2], sizes);
    }

    [Fact]
    public async Task An_image_waits_for_those_that_are_on_their_way()
    {
        var sizes = new List<int>();
        await using var queue = new BatchQueue(images =>
        {
            sizes.Add(images.Count);
            return Answers(images);
        }, maxBatch: 4, Forever, capacity: 100);
        WaitingImage[] images = [.. Enumerable.Range(0, 3).Select(Image)];
        foreach (var _ in images)
            queue.Announce();
        foreach (var image in images)
        {
            queue.Add(image);
            await Task.Delay(20, TestContext.Current.CancellationToken);
            queue.Arrived();
        }

        await AnswersOfAsync(images);
        Assert.Equal([3], sizes);
    }

    /// <summary>The image is in the queue before its request says that it has arrived, and another one turns out to be no image.</summary>
    [Fact]
    public async Task The_last_arrival_ends_the_wait_even_when_it_brings_no_image()
    {
        await using var queue = new BatchQueue(Answers, maxBatch: 4, Forever, capacity: 100);
        var image = Image(0);
        queue.Announce();
        queue.Announce();
        queue.Add(image);
        queue.Arrived();
        await Task.Delay(20, TestContext.Current.CancellationToken);

        queue.Arrived();

        await AnswersOfAsync([image]);
    }

    [Fact]
    public async Task The_image_that_makes_a_batch_fail_fails_alone()
    {
        await using var queue = new BatchQueue(
            images => images.Any(image => image.Image.Pixels[0] == 2) ? throw new InvalidOperationException() : Answers(images), maxBatch: 8, Forever, capacity: 100);
        WaitingImage[] images = [.. Enumerable.Range(0, 5).Select(Image)];
        foreach (var _ in images)
            queue.Announce();
        foreach (var image in images)
        {
            queue.Add(image);
            queue.Arrived();
        }

        var answers = await AnswersOfAsync(images);

        Assert.Equal([null, null, "FRAMEWORK_ERROR", null, null], answers.Select(answer => answer.Error?.Code));
    }

    [Fact]
    public async Task Too_many_waiting_images_are_refused()
    {
        using var go = new SemaphoreSlim(0);
        using var started = new SemaphoreSlim(0);
        await using var queue = new BatchQueue(images =>
        {
            started.Release();
            go.Wait();
            return Answers(images);
        }, maxBatch: 1, TimeSpan.Zero, capacity: 2);
        queue.Add(Image(0));
        await started.WaitAsync(TestContext.Current.CancellationToken);
        queue.Add(Image(1));
        queue.Add(Image(2));

        var refused = Assert.Throws<Domain.Errors.ProblemException>(() => queue.Add(Image(3)));

        Assert.Equal("MODEL_SERVER_BUSY", refused.Error.Code);
        go.Release(10);
    }

    /// <summary>An image that is never answered fails the test instead of holding it up.</summary>
    private static Task<ImageAnswer[]> AnswersOfAsync(IReadOnlyList<WaitingImage> images) =>
        Task.WhenAll(images.Select(image => image.Answer.Task)).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

    private static ImageAnswer[] Answers(IReadOnlyList<WaitingImage> images) => [.. images.Select(image => new ImageAnswer(Index: image.Image.Pixels[0]))];
}
