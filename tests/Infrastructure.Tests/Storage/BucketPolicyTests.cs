using System.Text.Json.Nodes;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Tests.Storage;

public sealed class BucketPolicyTests(StorageFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_page_on_storage_shows_the_policy_that_init_sets()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            folder = folder.Parent!;
        var page = File.ReadAllText(Path.Combine(folder.FullName, "docs/storage.md"));
        using var store = new ObjectStore(fixture.Settings with { Bucket = "vision-platform-datasets" }, TimeProvider.System);

        var shown = page.Split("```json\n").Skip(1).Select(block => JsonNode.Parse(block[..block.IndexOf("```", StringComparison.Ordinal)])!.ToJsonString());

        Assert.Contains(JsonNode.Parse(store.PolicyFor(["incoming/"]))!.ToJsonString(), shown);
        // The policy of the identity for uploads.
        Assert.All(Attempt.Folders, folder => Assert.Contains($"\"arn:aws:s3:::vision-platform-internal/{folder}*\"", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_protected_bucket_still_takes_what_the_app_writes_and_refuses_acls_of_anybody()
    {
        var settings = fixture.Settings with { Bucket = $"test-{Guid.CreateVersion7():n}" };
        using var store = new ObjectStore(settings, TimeProvider.System);
        await store.CreateBucketAsync(Cancellation);
        try
        {
            Assert.All(await store.ProtectAsync(["incoming/"], Cancellation), protection => Assert.Null(protection.Refusal));
            Assert.All(await store.ProtectAsync(["incoming/"], Cancellation), protection => Assert.Null(protection.Refusal));

            await store.PutAsync("datasets/a", "a"u8.ToArray(), "text/plain", Cancellation);
            Assert.True(await store.PutOnceAsync("datasets/b", "b"u8.ToArray(), "text/plain", Cancellation));
            Assert.True(await store.CopyAsync("datasets/a", "datasets/c", Cancellation));
            var large = new byte[ObjectStore.SmallestPart + 1];
            await store.PutAsync("datasets/d", new MemoryStream(large), "text/plain", Cancellation, ObjectStore.SmallestPart);
            Assert.True(await store.CopyAsync("datasets/d", "datasets/e", Cancellation, ObjectStore.SmallestPart));
            var refused = await Assert.ThrowsAsync<Amazon.S3.AmazonS3Exception>(() => store.CopyAsync("datasets/a", "incoming/a", Cancellation));
            Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode);
        }
        finally
        {
            await store.DeleteAsync(["datasets/a", "datasets/b", "datasets/c", "datasets/d", "datasets/e", "incoming/a"], CancellationToken.None);
            await store.DeleteBucketAsync(CancellationToken.None);
        }
    }
}
