using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class FirstAdministratorTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Two_instances_that_start_together_create_one_administrator_who_must_change_the_password()
    {
        var databases = await Host.NewDatabasesAsync();
        var apps = await Task.WhenAll(Host.StartAppAsync(databases), Host.StartAppAsync(databases));
        await using var first = apps[0];
        await using var second = apps[1];
        using var client = second.NewClient();

        var session = (await client.SignInAsync(PlatformHost.AdminEmail, PlatformHost.BootstrapPassword)).Expect(200);

        Assert.True(session.Body.GetProperty("mustChangePassword").GetBoolean());
        Assert.Equal("admin", session.Body.GetProperty("user").GetProperty("role").GetString());
        (await client.GetAsync("auth/me")).Expect(200);
        (await client.GetAsync("projects")).Expect(403, "PASSWORD_CHANGE_REQUIRED");
        (await client.PostAsync("projects", new { name = "too early" })).Expect(403, "PASSWORD_CHANGE_REQUIRED");
        client.Use((await client.PutAsync("auth/password", new { currentPassword = PlatformHost.BootstrapPassword, newPassword = ApiClient.Password })).Expect(200));
        (await client.GetAsync("projects")).Expect(200);
        await using var database = databases.OpenUsers();
        Assert.Equal(1, await database.Users.CountAsync());
    }

    [Fact]
    public async Task No_administrator_is_created_when_an_account_exists()
    {
        var databases = await Host.NewDatabasesAsync();
        await Host.AddUserAsync(databases, SystemRole.Guest);
        await using var app = await Host.StartAppAsync(databases);
        using var client = app.NewClient();

        (await client.SignInAsync(PlatformHost.AdminEmail, PlatformHost.BootstrapPassword)).Expect(401);
    }

    [Fact]
    public async Task The_one_time_password_is_not_logged()
    {
        Assert.DoesNotContain(Host.App.Log, line => line.Contains(PlatformHost.BootstrapPassword, StringComparison.Ordinal) || line.Contains(PlatformHost.JwtSecret, StringComparison.Ordinal));
        await Task.CompletedTask;
    }
}
