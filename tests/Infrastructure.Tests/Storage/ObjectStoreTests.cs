using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Tests.Storage;

public sealed class ObjectStoreTests(StorageFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ObjectStore Store => fixture.Store;

    [Theory]
    [InlineData("keys/plain.png")]
    [InlineData("keys/with space.png")]
    [InlineData("keys/ü-日本-😀.png")]
    [InlineData("keys/a+b&c=d%20e#f?g.png")]
    [InlineData("keys/100%/(1) 'quoted' [x]~!@$,;.png")]
    public async Task An_object_is_stored_and_read_under_any_key(string key)
    {
        var content = RandomNumberGenerator.GetBytes(321);

        await Store.PutAsync(key, content, "image/png", Cancellation);

        var head = await Store.HeadAsync(key, Cancellation);
        Assert.Equal((321, "image/png"), (head!.Size, head.ContentType));
        Assert.Equal(content, (await Store.GetBytesAsync(key, 1000, Cancellation))!.Bytes);
        Assert.Contains(key, await KeysUnder("keys/"));
        using var http = new HttpClient();
        Assert.Equal(content, await http.GetByteArrayAsync(Store.PresignGet(key, TimeSpan.FromMinutes(1)).Url, Cancellation));
        Assert.True(await Store.CopyAsync(key, key + ".copy", Cancellation));
        await Store.DeleteAsync(key, Cancellation);
        Assert.Null(await Store.HeadAsync(key, Cancellation));
        Assert.NotNull(await Store.HeadAsync(key + ".copy", Cancellation));
    }

    [Theory]
    [InlineData(ObjectStore.SmallestPart)]
    [InlineData(ObjectStore.SmallestPart + 1)]
    [InlineData(2 * ObjectStore.SmallestPart + 77)]
    public async Task A_large_object_is_copied_in_parts(int size)
    {
        var content = System.Security.Cryptography.RandomNumberGenerator.GetBytes(size);
        await Store.PutAsync("copy/large", content, "application/x-weights", Cancellation);

        Assert.True(await Store.CopyAsync("copy/large", "copy/of large", Cancellation, ObjectStore.SmallestPart));

        Assert.Equal(content, (await Store.GetBytesAsync("copy/of large", long.MaxValue, Cancellation))!.Bytes);
        Assert.Equal("application/x-weights", (await Store.HeadAsync("copy/of large", Cancellation))!.ContentType);
        await foreach (var left in Store.ListMultipartsAsync("copy/", Cancellation))
            Assert.Fail($"{left.Key} is half copied");
    }

    [Fact]
    public async Task A_missing_object_is_a_null_result_everywhere()
    {
        Assert.Null(await Store.HeadAsync("missing", Cancellation));
        Assert.Null(await Store.OpenReadAsync("missing", Cancellation));
        Assert.Null(await Store.GetBytesAsync("missing", 10, Cancellation));
        Assert.False(await Store.CopyAsync("missing", "elsewhere", Cancellation));
        await Store.DeleteAsync("missing", Cancellation);
        Assert.Empty(await KeysUnder("missing"));
    }

    [Fact]
    public async Task A_range_reads_the_bytes_asked_for()
    {
        await Store.PutAsync("range", Encoding.ASCII.GetBytes("0123456789"), "text/plain", Cancellation);

        await using var part = await Store.OpenReadAsync("range", Cancellation, from: 3, to: 5);
        await using var rest = await Store.OpenReadAsync("range", Cancellation, from: 7);

        Assert.Equal("345", await new StreamReader(part!.Stream).ReadToEndAsync(Cancellation));
        Assert.Equal("789", await new StreamReader(rest!.Stream).ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task An_object_over_the_limit_is_not_read_into_memory()
    {
        await Store.PutAsync("limit", new byte[1001], "text/plain", Cancellation);

        var read = await Store.GetBytesAsync("limit", 1000, Cancellation);

        Assert.Null(read!.Bytes);
        Assert.Equal(1001, read.Info.Size);
    }

    [Fact]
    public async Task A_put_if_absent_keeps_the_existing_object()
    {
        Assert.True(await Store.PutOnceAsync("once", "first"u8.ToArray(), "text/plain", Cancellation));
        Assert.False(await Store.PutOnceAsync("once", "other"u8.ToArray(), "text/plain", Cancellation));

        Assert.Equal("first"u8.ToArray(), (await Store.GetBytesAsync("once", 100, Cancellation))!.Bytes);
    }

    [Fact]
    public async Task A_list_continues_past_one_page_in_key_order_and_deletes_are_sent_in_batches()
    {
        var keys = Enumerable.Range(0, 1105).Select(i => $"many/{i:0000}").ToArray();
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation },
            async (key, token) => await Store.PutAsync(key, "x"u8.ToArray(), "text/plain", token));

        Assert.Equal(keys, await KeysUnder("many/"));

        await Store.DeleteAsync(keys.Append("many/never-there").ToArray(), Cancellation);
        Assert.Empty(await KeysUnder("many/"));
    }

    [Fact]
    public async Task A_batch_delete_that_the_store_does_not_know_becomes_single_deletes()
    {
        await Store.PutAsync("single/1", "x"u8.ToArray(), "text/plain", Cancellation);
        await Store.PutAsync("single/2", "x"u8.ToArray(), "text/plain", Cancellation);
        using var store = fixture.StoreThrough(new NoBatchDelete());

        await store.DeleteAsync(["single/1", "single/2"], Cancellation);

        Assert.Empty(await KeysUnder("single/"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ObjectStore.SmallestPart - 1)]
    [InlineData(ObjectStore.SmallestPart)]
    [InlineData(ObjectStore.SmallestPart * 3 + 77)]
    public async Task A_stream_of_any_length_is_stored_in_equal_parts(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        var wire = new WireRecorder();
        using var store = fixture.StoreThrough(wire);

        var stored = await store.PutAsync($"stream/{length}", new Unseekable(content), "application/octet-stream", Cancellation, ObjectStore.SmallestPart);

        Assert.Equal(length, stored);
        Assert.Equal(content, (await store.GetBytesAsync($"stream/{length}", long.MaxValue, Cancellation))!.Bytes);
        var parts = wire.Requests.Where(request => request.Uri.Query.Contains("partNumber", StringComparison.Ordinal))
            .Select(request => int.Parse(request.Headers["content-length"], System.Globalization.CultureInfo.InvariantCulture)).Order().ToArray();
        Assert.All(parts.Skip(length % ObjectStore.SmallestPart == 0 ? 0 : 1), part => Assert.Equal(ObjectStore.SmallestPart, part));
    }

    [Fact]
    public async Task A_stream_that_breaks_leaves_neither_object_nor_parts()
    {
        var broken = new Unseekable(new byte[ObjectStore.SmallestPart * 2], failAt: ObjectStore.SmallestPart + 10);

        await Assert.ThrowsAsync<EndOfStreamException>(() => Store.PutAsync("broken", broken, "text/plain", Cancellation, ObjectStore.SmallestPart));

        Assert.Null(await Store.HeadAsync("broken", Cancellation));
        var open = await Store.Client.ListMultipartUploadsAsync(new Amazon.S3.Model.ListMultipartUploadsRequest { BucketName = Store.Bucket, Prefix = "broken" }, Cancellation);
        Assert.Empty(open.MultipartUploads ?? []);
    }

    [Fact]
    public async Task An_existing_bucket_is_not_created_again_and_accepts_cors_rules()
    {
        Assert.False(await Store.CreateBucketAsync(Cancellation));
        await Store.AllowOriginsAsync(["https://console.example.com"], Cancellation);

        using var http = new HttpClient();
        using var preflight = new HttpRequestMessage(HttpMethod.Options, Store.PresignPutOnce("cors", "image/png", 1, TimeSpan.FromMinutes(1)).Url);
        preflight.Headers.Add("Origin", "https://console.example.com");
        preflight.Headers.Add("Access-Control-Request-Method", "PUT");
        preflight.Headers.Add("Access-Control-Request-Headers", "content-type,if-none-match");
        using var answer = await http.SendAsync(preflight, Cancellation);
        Assert.Equal("https://console.example.com", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    private async Task<List<string>> KeysUnder(string prefix)
    {
        var keys = new List<string>();
        await foreach (var found in Store.ListAsync(prefix, Cancellation))
            keys.Add(found.Key);
        return keys;
    }

    /// <summary>A server like those without the batch request.</summary>
    private sealed class NoBatchDelete() : DelegatingHandler(ObjectStore.CreateHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.Method == HttpMethod.Post && request.RequestUri!.Query.Contains("delete", StringComparison.Ordinal)
                ? new HttpResponseMessage(System.Net.HttpStatusCode.NotImplemented)
                {
                    RequestMessage = request,
                    Content = new StringContent("<Error><Code>NotImplemented</Code><Message>no</Message></Error>"),
                }
                : await base.SendAsync(request, cancellationToken);
    }

    private sealed class Unseekable(byte[] content, int failAt = int.MaxValue) : Stream
    {
        private int _position;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_position >= failAt)
                throw new EndOfStreamException("the source broke");
            var take = Math.Min(count, Math.Min(content.Length - _position, 64 * 1024));
            content.AsSpan(_position, take).CopyTo(buffer.AsSpan(offset));
            _position += take;
            return take;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
