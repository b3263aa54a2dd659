using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Infrastructure.Mail;

public static class MailServices
{
    /// <summary>Registers the mail queue and its transport: a mail server, or a folder. Needs the persistence and account services.</summary>
    public static IServiceCollection AddMail(this IServiceCollection services)
    {
        services.AddSingleton<MailSeal>();
        services.AddSingleton<IMailTransport>(provider => provider.GetRequiredService<MailSettings>().SmtpHost is null
            ? ActivatorUtilities.CreateInstance<MailDrop>(provider)
            : ActivatorUtilities.CreateInstance<SmtpMail>(provider));
        services.AddSingleton<MailDelivery>();
        services.AddHostedService(provider => provider.GetRequiredService<MailDelivery>());
        services.AddScoped<Mailbox>();
        return services;
    }
}
