using System.Text;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

public sealed class KeyTests(StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly string[] Keys =
    [
        "a+b", "a b", "a%23b", "a%2Fb", "a%", "100%25", "q\"uo'te", "a&b<c>d", "a?b#c", "a=b;c,d@e:f!$(g)*", "back\\slash", "~tilde^caret`|{}[]",
        "caf\u00e9", "cafe\u0301", "日本/ü", "\uffee-before", "\U0001F600-after",
        "a/./b", "a/../b", "..", "../up", "./here", "a//b", "/lead", "//two", "tail/", "tail//", ".",
        "tab\there", "line\nbreak", "return\rhere", "bell\u0007", "escape\u001b[0m", "delete\u007f",
        new('k', 900), string.Concat(Enumerable.Repeat("ü", 450)), string.Concat(Enumerable.Repeat("é/", 300)),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_key_arrives_byte_for_byte_and_is_compared_and_deleted(bool isOneService)
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage, isOneService);
        foreach (var key in Keys)
            await buckets.PutAsync(key, "content of " + key);
        using var pair = buckets.Pair();

        var sync = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);

        Assert.Equal((Keys.Length, 0, null), (sync.Copied, sync.Failed, sync.Problem));
        foreach (var key in Keys)
            Assert.Equal("content of " + key, Encoding.UTF8.GetString((await TwoBuckets.ReadAsync(buckets.Target, key))!));
        Assert.Equal(Keys.Order(Utf8Order.Instance), await TwoBuckets.KeysAsync(buckets.Target));
        Assert.Equal(Keys.Length, (await pair.CompareAsync("", KeyRange.All, readsBoth: false, Cancellation)).Equal);

        foreach (var key in Keys)
            await buckets.Source.DeleteAsync([key], Cancellation);
        Assert.Empty(await TwoBuckets.KeysAsync(buckets.Source));
        Assert.Equal((Keys.Length, 0), ((await pair.DeleteAsync("", KeyRange.All, Keys.Length, Cancellation)) is var deleted ? deleted.Deleted : 0, deleted.Failed));
        Assert.Empty(await TwoBuckets.KeysAsync(buckets.Target));
    }

    [Fact]
    public void Keys_are_ordered_by_their_bytes_in_utf8()
    {
        string[] keys = [.. Keys, "", "a", "ab", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010FFFF", "x\U00010000", "x\uffff"];

        Assert.Equal(keys.OrderBy(key => Convert.ToHexString(Encoding.UTF8.GetBytes(key)), StringComparer.Ordinal), keys.Order(Utf8Order.Instance));
    }

    [Theory]
    [InlineData("a+b", "a b")]
    [InlineData("a%2Bb", "a+b")]
    [InlineData("caf%C3%A9", "caf\u00e9")]
    [InlineData("%", "%")]
    [InlineData("50%2", "50%2")]
    [InlineData("ü%20ü😀", "ü ü😀")]
    public void A_key_of_a_listing_is_decoded(string listed, string key) => Assert.Equal(key, S3Wire.Decoded(listed));

    [Fact]
    public void A_listed_key_that_is_no_utf8_is_not_taken_for_another() => Assert.Throws<UnreadableKeyException>(() => S3Wire.Decoded("a%FFb"));

    [Fact]
    public async Task Headers_metadata_and_empty_objects_are_kept()
    {
        (string, string)[] headers =
        [
            ("content-type", "image/png; charset=\"x\""), ("cache-control", "max-age=60, private"), ("content-disposition", "attachment; filename*=UTF-8''%C3%BC.png"), ("content-encoding", "gzip"),
            ("content-language", "de, en"), ("expires", "Thu, 01 Dec 2033 16:00:00 GMT"), ("x-amz-meta-owner", "Zoë  two spaces"), ("x-amz-meta-empty-ish", "0"),
        ];
        foreach (var isOneService in (bool[])[false, true])
        {
            await using var buckets = await TwoBuckets.CreateAsync(storage, isOneService);
            await buckets.PutAsync("small", [1, 2, 3], headers);
            await buckets.PutAsync("zero", [], headers);
            await buckets.PutAsync("folder/", [], ("content-type", "application/x-directory"));
            await TwoBuckets.PutPartsAsync(buckets.Source, "parts", new byte[11 * 1024 * 1024], 5 * 1024 * 1024, headers);
            await TwoBuckets.PutPartsAsync(buckets.Source, "large", new byte[17 * 1024 * 1024], 9 * 1024 * 1024, headers);
            using var pair = buckets.Pair();

            Assert.Equal(5, (await TwoBuckets.SyncAllAsync(pair, "", Cancellation)).Copied);

            foreach (var key in (string[])["small", "zero", "folder/", "parts", "large"])
            {
                var (source, target) = ((await buckets.Source.HeadAsync(key, Cancellation))!, (await buckets.Target.HeadAsync(key, Cancellation))!);
                Assert.Equal(source.Size, target.Size);
                Assert.Equal(Sorted(source.Headers), Sorted(target.Headers.ForCopy(null)));
                if (key != "folder/")
                    Assert.All(headers, header => Assert.Equal(header.Item2, target.Headers.Value(header.Item1)));
                Assert.Equal(await TwoBuckets.ReadAsync(buckets.Source, key), await TwoBuckets.ReadAsync(buckets.Target, key));
            }
            Assert.Equal((5, 0), ((await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation)) is var again ? again.Equal : 0, again.Copied));
        }

        static IEnumerable<string> Sorted(ObjectHeaders headers) => headers.All.Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal);
    }
}
