using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.AspNetCore.WebUtilities;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Tests.Storage;

public sealed class PresignedUrlTests(StorageFixture fixture)
{
    private static readonly HttpClient Http = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ObjectStore Store => fixture.Store;

    [Fact]
    public async Task A_write_once_url_takes_the_first_put_and_answers_412_to_the_second()
    {
        var url = Store.PresignPutOnce("presigned/once ü+%.png", "image/png", 5, TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.OK, await Send(url, "first"u8.ToArray()));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await Send(url, "other"u8.ToArray()));

        Assert.Equal("first"u8.ToArray(), (await Store.GetBytesAsync("presigned/once ü+%.png", 100, Cancellation))!.Bytes);
    }

    [Theory]
    [InlineData("If-None-Match")]
    [InlineData("Content-Type")]
    public async Task A_write_once_url_is_refused_without_a_header_it_signs(string missing)
    {
        var url = Store.PresignPutOnce($"presigned/without-{missing}", "image/png", 1, TimeSpan.FromMinutes(1));

        var status = await Send(url with { Headers = url.Headers.Where(header => header.Key != missing).ToDictionary() }, "x"u8.ToArray());

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Null(await Store.HeadAsync($"presigned/without-{missing}", Cancellation));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(100_000)]
    [InlineData(0)]
    public async Task A_write_once_url_takes_exactly_the_announced_size(int sent)
    {
        var url = Store.PresignPutOnce($"presigned/size-{sent}", "image/png", 5, TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.Forbidden, await Send(url, new byte[sent]));

        Assert.Null(await Store.HeadAsync($"presigned/size-{sent}", Cancellation));
    }

    [Fact]
    public async Task A_part_url_takes_exactly_the_announced_size_and_nothing_after_the_upload_was_completed()
    {
        const string Key = "presigned/sized part";
        var upload = await Store.CreateMultipartAsync(Key, "application/octet-stream", Cancellation);
        var url = Store.PresignPart(Key, upload, 1, 5, TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.Forbidden, await Send(url, new byte[6]));
        var part = await SendPart(upload, 1, "first"u8.ToArray(), Key);
        await Store.CompleteMultipartAsync(Key, upload, [part], Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, await Send(url, "other"u8.ToArray()));

        Assert.Equal("first"u8.ToArray(), (await Store.GetBytesAsync(Key, 100, Cancellation))!.Bytes);
    }

    [Fact]
    public async Task An_upload_url_copies_nothing_because_its_identity_may_not_read()
    {
        Assert.NotNull(fixture.Settings.UploadAccessKey);
        await Store.PutAsync("presigned/secret", "secret"u8.ToArray(), "text/plain", Cancellation);
        var url = Store.PresignPutOnce("presigned/copy", "image/png", 5, TimeSpan.FromMinutes(1));

        var status = await Send(url with { Headers = new Dictionary<string, string>(url.Headers) { ["x-amz-copy-source"] = $"/{Store.Bucket}/presigned/secret" } }, "first"u8.ToArray());

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Null(await Store.HeadAsync("presigned/copy", Cancellation));
    }

    [Fact]
    public async Task Another_content_type_another_key_and_another_secret_are_refused()
    {
        var url = Store.PresignPutOnce("presigned/tamper-a", "image/png", 1, TimeSpan.FromMinutes(1));
        using var stranger = new ObjectStore(fixture.Settings with { SecretKey = "not-the-secret", UploadAccessKey = null }, TimeProvider.System);

        Assert.Equal(HttpStatusCode.Forbidden, await Send(url with { Headers = new Dictionary<string, string>(url.Headers) { ["Content-Type"] = "text/html" } }, [1]));
        Assert.Equal(HttpStatusCode.Forbidden, await Send(url with { Url = url.Url.Replace("tamper-a", "tamper-b", StringComparison.Ordinal) }, [1]));
        Assert.Equal(HttpStatusCode.Forbidden, await Send(stranger.PresignPutOnce("presigned/tamper-a", "image/png", 1, TimeSpan.FromMinutes(1)), [1]));
        Assert.Null(await Store.HeadAsync("presigned/tamper-a", Cancellation));
        Assert.Null(await Store.HeadAsync("presigned/tamper-b", Cancellation));
    }

    [Fact]
    public async Task An_expired_url_is_refused()
    {
        await Store.PutAsync("presigned/expired", "x"u8.ToArray(), "text/plain", Cancellation);
        var lived = Store.PresignGet("presigned/expired", TimeSpan.FromSeconds(1));

        // The store alone decides when the second is over: ask until it refuses.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        HttpStatusCode status;
        do
            status = (await Http.GetAsync(lived.Url, limit.Token)).StatusCode;
        while (status == HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Forbidden, status);
    }

    /// <summary>The SDK signs at its own time, so ours is set to that.</summary>
    [Theory]
    [InlineData("http://127.0.0.1:9000", "a/b.png", null)]
    [InlineData("https://account.r2.cloudflarestorage.com", "a b/ü-日本-😀/+&=%20#?;,@!~*'().png", null)]
    [InlineData("https://127.0.0.1:8443", "datasets/1/images/x.png", "modèle 1 (a+b).onnx")]
    public void The_signatures_are_those_of_the_sdk(string endpoint, string key, string? downloadName)
    {
        var settings = new BucketSettings(new Uri(endpoint), "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "auto", "some-bucket");
        using var sdk = S3Client.Create(settings, new HttpClientHandler());

        foreach (var kind in (string[])["get", "once", "part"])
        {
            var request = new GetPreSignedUrlRequest
            {
                BucketName = settings.Bucket, Key = key, Verb = kind == "get" ? HttpVerb.GET : HttpVerb.PUT, Expires = DateTime.UtcNow.AddMinutes(10),
                Protocol = settings.IsTls ? Protocol.HTTPS : Protocol.HTTP,
            };
            if (kind == "once")
                (request.ContentType, request.Headers["If-None-Match"]) = ("image/png", "*");
            if (kind != "get")
                request.Headers["Content-Length"] = "5";
            if (kind == "part")
                (request.UploadId, request.PartNumber) = ("2~abc-_.=", 7);
            if (kind == "get" && downloadName is not null)
                request.ResponseHeaderOverrides.ContentDisposition = $"attachment; filename*=UTF-8''{Uri.EscapeDataString(downloadName)}";
            var expected = new Uri(sdk.GetPreSignedURL(request));
            var parameters = QueryHelpers.ParseQuery(expected.Query);
            var at = DateTimeOffset.ParseExact(parameters["X-Amz-Date"]!, "yyyyMMdd'T'HHmmss'Z'", null, System.Globalization.DateTimeStyles.AssumeUniversal);
            var lifetime = TimeSpan.FromSeconds(int.Parse(parameters["X-Amz-Expires"]!));
            using var store = new ObjectStore(settings, new StoppedClock(at));

            var ours = kind switch
            {
                "get" => store.PresignGet(key, lifetime, downloadName),
                "once" => store.PresignPutOnce(key, "image/png", 5, lifetime),
                _ => store.PresignPart(key, "2~abc-_.=", 7, 5, lifetime),
            };

            Assert.Equal(parameters.OrderBy(pair => pair.Key), QueryHelpers.ParseQuery(new Uri(ours.Url).Query).OrderBy(pair => pair.Key));
            Assert.Equal(expected.GetLeftPart(UriPartial.Path), new Uri(ours.Url).GetLeftPart(UriPartial.Path));
            Assert.Equal(at + lifetime, ours.ExpiresAt);
        }
    }

    private sealed class StoppedClock(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }

    [Fact]
    public void A_lifetime_that_signatures_do_not_allow_is_refused_before_signing()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Store.PresignGet("x", TimeSpan.FromDays(8)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Store.PresignGet("x", TimeSpan.Zero));
    }

    [Fact]
    public async Task A_download_name_becomes_the_content_disposition()
    {
        await Store.PutAsync("presigned/download", "x"u8.ToArray(), "text/plain", Cancellation);

        using var answer = await Http.GetAsync(Store.PresignGet("presigned/download", TimeSpan.FromMinutes(1), "modèle 1.onnx").Url, Cancellation);

        Assert.Equal("modèle 1.onnx", answer.Content.Headers.ContentDisposition!.FileNameStar);
    }

    [Fact]
    public async Task Parts_put_by_url_become_the_object_and_wrong_ones_are_refused()
    {
        var content = RandomNumberGenerator.GetBytes(ObjectStore.SmallestPart + 123);
        var upload = await Store.CreateMultipartAsync("presigned/multi part.pt", "application/octet-stream", Cancellation);
        var parts = new[]
        {
            await SendPart(upload, 2, content[ObjectStore.SmallestPart..]),
            await SendPart(upload, 1, content[..ObjectStore.SmallestPart]),
        };

        var refused = await Assert.ThrowsAsync<MultipartRefusedException>(() =>
            Store.CompleteMultipartAsync("presigned/multi part.pt", upload, [parts[1], parts[0] with { ETag = "\"00000000000000000000000000000000\"" }], Cancellation));
        Assert.Equal("InvalidPart", refused.Code);
        await Store.CompleteMultipartAsync("presigned/multi part.pt", upload, parts, Cancellation);

        Assert.Equal(content, (await Store.GetBytesAsync("presigned/multi part.pt", long.MaxValue, Cancellation))!.Bytes);
    }

    [Fact]
    public async Task An_aborted_upload_cannot_be_completed_and_can_be_aborted_again()
    {
        var upload = await Store.CreateMultipartAsync("presigned/aborted", "application/octet-stream", Cancellation);
        var part = await SendPart(upload, 1, [1, 2, 3], "presigned/aborted");

        await Store.AbortMultipartAsync("presigned/aborted", upload, Cancellation);
        await Store.AbortMultipartAsync("presigned/aborted", upload, Cancellation);

        using var quick = fixture.StoreThrough(ObjectStore.CreateHandler());
        var refused = await Assert.ThrowsAsync<MultipartRefusedException>(() => quick.CompleteMultipartAsync("presigned/aborted", upload, [part], Cancellation));
        Assert.Equal("NoSuchUpload", refused.Code);
    }

    private async Task<UploadedPart> SendPart(string upload, int number, byte[] content, string key = "presigned/multi part.pt")
    {
        using var answer = await Http.PutAsync(Store.PresignPart(key, upload, number, content.Length, TimeSpan.FromMinutes(1)).Url, new ByteArrayContent(content), Cancellation);
        answer.EnsureSuccessStatusCode();
        return new UploadedPart(number, answer.Headers.ETag!.Tag);
    }

    private static async Task<HttpStatusCode> Send(PresignedRequest presigned, byte[] content)
    {
        using var request = new HttpRequestMessage(new HttpMethod(presigned.Method), presigned.Url) { Content = new ByteArrayContent(content) };
        foreach (var (name, value) in presigned.Headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Http.SendAsync(request, Cancellation);
        return answer.StatusCode;
    }
}
