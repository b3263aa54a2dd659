using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Infrastructure.Mail;

public static class MailServices
{
    /// <summary>Registers the mail queue and its way out: a mail server, or a folder. Needs the persistence and account services.</summary>
    public static IServiceCollection AddMail(this IServiceCollection services, MailSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton<MailSeal>();
        if (settings.SmtpHost is null)
            services.AddSingleton<IMailTransport, MailDrop>();
        else
            services.AddSingleton<IMailTransport, SmtpMail>();
        services.AddSingleton<MailDelivery>();
        services.AddHostedService(provider => provider.GetRequiredService<MailDelivery>());
        services.AddScoped<Mailbox>();
        return services;
    }
}
