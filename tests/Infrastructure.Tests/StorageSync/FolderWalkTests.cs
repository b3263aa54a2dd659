using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

/// <summary>Pages of several folders are asked for at once, and the listing is the same as page by page.</summary>
public sealed class FolderWalkTests(StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_the_folders_every_key_of_a_range_is_listed_once_and_in_order(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 12; i++)
        {
            var keys = Keys(random);
            var listing = new ListingOf(keys);
            using var store = Wire(listing);
            foreach (var prefix in (string[])["", "d", "data/", "data/01"])
            {
                var range = new KeyRange(random.Next(2) == 0 ? null : keys[random.Next(keys.Length)], random.Next(2) == 0 ? null : keys[random.Next(keys.Length)]);

                var found = await KeysAsync(store, prefix, range);

                Assert.Equal(
                    keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && (range.After is null || Utf8Order.Instance.Compare(key, range.After) > 0) && range.IsBeforeEnd(key))
                        .Order(Utf8Order.Instance), found);
            }
        }
    }

    [Fact]
    public async Task Pages_of_several_folders_are_asked_for_at_once()
    {
        var (waiting, four) = (0, new TaskCompletionSource());
        var listing = new ListingOf(40_000, i => $"datasets/{i / 2000:d2}/images/img_{i:d6}.bin")
        {
            Before = query =>
            {
                // The first page of a folder.
                if (query["prefix"] is null or "datasets/" || query["start-after"] is not null)
                    return Task.CompletedTask;
                if (Interlocked.Increment(ref waiting) == 4)
                    four.SetResult();
                return four.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
            },
        };
        using var store = Wire(listing);

        Assert.Equal(40_000, (await KeysAsync(store, "", KeyRange.All)).Count);
    }

    [Fact]
    public async Task Many_small_folders_take_few_requests_more_than_their_pages()
    {
        var listing = new ListingOf(30_000, i => i < 5000 ? $"a/large/{i:d5}" : $"b/{i / 5:d5}/{i:d5}");
        using var store = Wire(listing);

        Assert.Equal(30_000, (await KeysAsync(store, "", KeyRange.All)).Count);
        Assert.InRange(listing.Requests, 30, 45);
    }

    [Fact]
    public async Task A_small_bucket_takes_one_request()
    {
        var listing = new ListingOf(999, i => $"datasets/{i / 100}/{i:d3}");
        using var store = Wire(listing);

        Assert.Equal(999, (await KeysAsync(store, "", KeyRange.All)).Count);
        Assert.Equal(1, listing.Requests);
    }

    /// <summary>Folders of very different sizes, with objects between them, marks of folders, and names that sort just before or after a slash.</summary>
    private static string[] Keys(Random random)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal) { "data", "data/", "data!", "data0" };
        foreach (var top in (string[])["data/", "d/", "data/01/", "z/"])
            for (var folder = random.Next(12); folder > 0; folder--)
            {
                var name = $"{top}{random.Next(20):d2}{(random.Next(6) == 0 ? "!" : "")}";
                foreach (var beside in (string[])["/", "!", "0", "\U0010FFFF", "/\U0010FFFF/x"])
                    if (random.Next(4) == 0)
                        keys.Add(name + beside);
                for (var i = random.Next(3) switch { 0 => random.Next(20), 1 => random.Next(900), _ => random.Next(4000) }; i > 0; i--)
                    keys.Add($"{name}/{(random.Next(3) == 0 ? "images/" : "")}{random.Next(100_000):d6}");
            }
        return [.. keys];
    }

    private static async Task<List<string>> KeysAsync(S3Wire store, string prefix, KeyRange range)
    {
        var found = new List<string>();
        await foreach (var listed in store.ListAsync(prefix, range, Cancellation))
            found.Add(listed.Key);
        return found;
    }

    private S3Wire Wire(HttpMessageHandler handler) => new(storage.Settings with { Bucket = "a" }, TimeProvider.System, TwoBuckets.QuickPolicy, handler);
}
