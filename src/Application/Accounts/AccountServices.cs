using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Limits;

namespace VisionPlatform.Application.Accounts;

public static class AccountServices
{
    /// <summary>Registers the use cases of accounts, their tokens and the creation of the first administrator. Needs the persistence, audit, mail and organization services.</summary>
    public static IServiceCollection AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var settings = provider.GetRequiredService<AccountSettings>();
            return new SignedToken(settings.Secret, provider.GetRequiredService<TimeProvider>(), settings.PreviousSecret);
        });
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<AttemptTokens>();
        services.AddSingleton<ServiceTokens>();
        services.AddSingleton<PersonalTokenUse>();
        services.AddHostedService(provider => provider.GetRequiredService<PersonalTokenUse>());
        services.AddSingleton<Callers>();
        services.AddSingleton<AccessFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessFeed>());
        services.AddSingleton<PasswordHashing>();
        services.AddSingleton<SharedBuckets>();
        services.AddScoped<SignInThrottle>();
        services.AddScoped<UserSessions>();
        services.AddScoped<PersonalTokens>();
        services.AddScoped<AccountMails>();
        services.AddScoped<MailLimits>();
        services.AddScoped<SignIn>();
        services.AddScoped<SignUp>();
        services.AddScoped<PasswordReset>();
        services.AddScoped<OwnProfile>();
        services.AddScoped<UserAdministration>();
        services.AddScoped<ServiceTokenIssue>();
        services.AddScoped<FirstAdministrator>();
        services.AddHostedService<BootstrapAdmin>();
        return services;
    }
}
