namespace VisionPlatform.Platform.Tests.Hosting;

public sealed class WrongSettingsTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task An_app_with_wrong_settings_names_all_of_them_and_does_not_start()
    {
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() => Host.StartAppAsync(
            settings: new Dictionary<string, string?> { ["JWT_SECRET"] = "too short", ["DB_POOL_SIZE"] = "many", ["LOG_FORMAT"] = "xml" }));

        Assert.StartsWith("The app ended with 2:\n3 settings are wrong:\n", ended.Message);
        Assert.All(["JWT_SECRET", "DB_POOL_SIZE", "LOG_FORMAT"], name => Assert.Contains("\n  " + name, ended.Message));
        Assert.DoesNotContain("too short", ended.Message);
    }
}
