using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

public static class TrainingServices
{
    /// <summary>Registers the trainers, the reports they send, the job event feed and the served models.</summary>
    public static IServiceCollection AddTraining(this IServiceCollection services, TrainerSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton<TrainerClient>();
        services.AddSingleton<JobEventFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<JobEventFeed>());
        services.AddScoped<TrainerCatalog>();
        services.AddScoped<AttemptReports>();
        services.AddScoped<ServedModels>();
        return services;
    }
}
