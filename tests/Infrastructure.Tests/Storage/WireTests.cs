using System.Security.Cryptography;
using Amazon.S3.Transfer;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Tests.Storage;

/// <summary>What R2 would refuse must never be sent; Ceph takes it, so it is asserted on the wire.</summary>
public sealed class WireTests(StorageFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task No_request_is_signed_as_a_stream_or_carries_a_checksum_trailer(string scheme)
    {
        var wire = new WireRecorder();
        using var store = StoreOver(scheme, wire);

        await SendEveryKindOfUpload(store, $"wire/{scheme}");

        Assert.True(wire.Requests.Count(request => request.Method == "PUT") >= 8, "fewer puts than the uploads made here need");
        Assert.All(wire.Requests, request =>
        {
            Assert.False(request.PayloadHash?.StartsWith("STREAMING", StringComparison.Ordinal), $"{request.Method} {request.Uri} is {request.PayloadHash}");
            Assert.DoesNotContain("aws-chunked", request.Headers.GetValueOrDefault("content-encoding") ?? "");
            Assert.DoesNotContain("x-amz-trailer", request.Headers.Keys);
            Assert.DoesNotContain("expect", request.Headers.Keys);
        });
        Assert.All(wire.Requests.Where(request => request.Method == "PUT"), request =>
            Assert.DoesNotContain(request.Headers.Keys, name => name.StartsWith("x-amz-checksum", StringComparison.Ordinal) || name == "x-amz-sdk-checksum-algorithm"));
    }

    [Fact]
    public async Task Over_tls_a_put_is_unsigned_and_over_http_it_is_hashed_whole()
    {
        var content = RandomNumberGenerator.GetBytes(1000);
        var tls = new WireRecorder();
        using (var store = StoreOver("https", tls))
            await store.PutAsync("wire/tls", content, "image/png", Cancellation);
        var plain = new WireRecorder();
        using (var store = StoreOver("http", plain))
            await store.PutAsync("wire/plain", content, "image/png", Cancellation);

        Assert.Equal("UNSIGNED-PAYLOAD", Assert.Single(tls.Requests).PayloadHash);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), Assert.Single(plain.Requests).PayloadHash);
    }

    private ObjectStore StoreOver(string scheme, WireRecorder wire)
    {
        // Without an explicit port the https default would be asked for.
        var endpoint = new UriBuilder(fixture.Settings.Endpoint) { Scheme = scheme, Port = fixture.Settings.Endpoint.Port }.Uri;
        return fixture.StoreThrough(wire, fixture.Settings with { Endpoint = endpoint });
    }

    private static async Task SendEveryKindOfUpload(ObjectStore store, string prefix)
    {
        var large = RandomNumberGenerator.GetBytes(ObjectStore.SmallestPart * 2 + 1000);
        await store.PutAsync($"{prefix}/bytes", large.AsMemory(0, 1000), "image/png", Cancellation);
        await store.PutAsync($"{prefix}/empty", ReadOnlyMemory<byte>.Empty, "text/plain", Cancellation);
        await store.PutOnceAsync($"{prefix}/once", large.AsMemory(0, 10), "image/png", Cancellation);
        await store.PutAsync($"{prefix}/stream", new MemoryStream(large, 0, 5000), "text/plain", Cancellation);
        await store.PutAsync($"{prefix}/parts", new MemoryStream(large), "application/octet-stream", Cancellation, ObjectStore.SmallestPart);
        using var transfer = new TransferUtility(store.Client, new TransferUtilityConfig { MinSizeBeforePartUpload = 1 });
        await transfer.UploadAsync(
            new TransferUtilityUploadRequest { BucketName = store.Bucket, Key = $"{prefix}/transfer", InputStream = new MemoryStream(large), PartSize = ObjectStore.SmallestPart }, Cancellation);
        await store.CopyAsync($"{prefix}/bytes", $"{prefix}/copy", Cancellation);
        await store.DeleteAsync([$"{prefix}/copy", $"{prefix}/empty"], Cancellation);

        Assert.Equal(large, (await store.GetBytesAsync($"{prefix}/parts", long.MaxValue, Cancellation))!.Bytes);
        Assert.Equal(large, (await store.GetBytesAsync($"{prefix}/transfer", long.MaxValue, Cancellation))!.Bytes);
    }
}
