using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class LockoutTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Failed_sign_ins_with_many_accounts_lock_the_network_address_on_every_instance()
    {
        var databases = await Host.NewDatabasesAsync();
        var user = await Host.AddUserAsync(databases);
        var settings = new Dictionary<string, string?> { ["SIGN_IN_FAILURES_PER_ADDRESS"] = "3", ["TRUSTED_PROXIES"] = "127.0.0.1" };
        await using var first = await Host.StartAppAsync(databases, settings);
        await using var second = await Host.StartAppAsync(databases, settings);
        // The lock lasts half a minute: whoever is asked then has answered such a request before.
        (await From(second, "203.0.113.8").SignInAsync(user.Email)).Expect(200);
        using var guesser = From(first, "203.0.113.7");
        for (var i = 0; i < 3; i++)
            (await guesser.SignInAsync($"nobody.{i}.{Guid.CreateVersion7():n}@platform.test")).Expect(401, "INVALID_CREDENTIALS");

        var locked = (await From(second, "203.0.113.7").SignInAsync(user.Email)).Expect(429, "TOO_MANY_ATTEMPTS");

        Assert.InRange(locked.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
        (await From(second, "203.0.113.8").SignInAsync(user.Email)).Expect(200);
    }

    [Fact]
    public async Task A_locked_account_is_locked_from_every_address_and_for_changes_of_its_settings()
    {
        using var client = await Host.NewUserAsync();
        for (var i = 0; i < 5; i++)
            (await client.PutAsync("auth/password", new { currentPassword = $"guess {i}", newPassword = "another long pass phrase" })).Expect(422);

        (await client.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = "another long pass phrase" })).Expect(429, "TOO_MANY_ATTEMPTS");
        (await Host.App.NewClient().SignInAsync(client.Email)).Expect(429, "TOO_MANY_ATTEMPTS");
        (await client.GetAsync("auth/me")).Expect(200);
    }

    private static ApiClient From(PlatformApp app, string address)
    {
        var client = app.NewClient();
        client.Http.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        return client;
    }
}
