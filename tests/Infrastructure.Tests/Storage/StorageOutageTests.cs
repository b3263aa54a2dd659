using System.Net;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Tests;

namespace VisionPlatform.Infrastructure.Tests.Storage;

public sealed class StorageOutageTests(StorageFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_unreachable_store_is_a_transient_problem_and_the_circuit_breaker_opens()
    {
        var port = LoopbackPort.Free();
        var handler = new Counter(ObjectStore.CreateHandler());
        using var store = fixture.StoreThrough(handler, fixture.Settings with { Endpoint = new Uri($"http://127.0.0.1:{port}") });

        for (var call = 0; call < 6; call++)
        {
            var problem = await Assert.ThrowsAsync<ProblemException>(() => store.HeadAsync("x", Cancellation));
            Assert.Equal(ErrorCodes.StorageUnavailable, problem.Error);
            Assert.Equal(ErrorCategory.Transient, problem.Error.Category);
        }

        Assert.Equal(5, handler.Requests);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task A_transient_failure_is_retried_with_the_whole_body(HttpStatusCode status)
    {
        var handler = new Counter(ObjectStore.CreateHandler()) { Failures = 2, Status = status };
        using var store = fixture.StoreThrough(handler);

        await store.PutAsync($"outage/{status}", "the whole body"u8.ToArray(), "text/plain", Cancellation);

        Assert.Equal(3, handler.Requests);
        Assert.Equal("the whole body"u8.ToArray(), (await fixture.Store.GetBytesAsync($"outage/{status}", 100, Cancellation))!.Bytes);
    }

    [Fact]
    public async Task A_refused_request_is_not_retried()
    {
        var handler = new Counter(ObjectStore.CreateHandler());
        using var store = fixture.StoreThrough(handler, fixture.Settings with { SecretKey = "not-the-secret" });

        var refusal = await Assert.ThrowsAsync<Amazon.S3.AmazonS3Exception>(() => store.PutAsync("outage/refused", "x"u8.ToArray(), "text/plain", Cancellation));

        Assert.Equal(HttpStatusCode.Forbidden, refusal.StatusCode);
        Assert.Equal(1, handler.Requests);
    }

    [Fact]
    public async Task The_caller_can_cancel_a_request()
    {
        using var store = fixture.StoreThrough(new Never());
        using var stop = new CancellationTokenSource();
        var call = store.HeadAsync("x", stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_hanging_request_is_cut_off_and_counts_as_an_outage()
    {
        var policy = StorageFixture.QuickPolicy with { Timeout = TimeSpan.FromMilliseconds(100), Attempts = 2 };
        using var store = fixture.StoreThrough(new Never(), policy: policy);

        var problem = await Assert.ThrowsAsync<ProblemException>(() => store.HeadAsync("x", Cancellation));

        Assert.Equal(ErrorCodes.StorageUnavailable, problem.Error);
    }

    private sealed class Counter(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private int _requests;

        public int Requests => _requests;
        public int Failures { get; init; }
        public HttpStatusCode Status { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _requests) <= Failures
                ? new HttpResponseMessage(Status) { RequestMessage = request, Content = new StringContent("") }
                : await base.SendAsync(request, cancellationToken);
    }

    private sealed class Never : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException("unreachable");
        }
    }
}
