using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

public static class TrainingServices
{
    /// <summary>Registers the trainers, the reports they send and the job event feed.</summary>
    public static IServiceCollection AddTraining(this IServiceCollection services)
    {
        services.AddSingleton<TrainerClient>();
        services.AddSingleton<JobEventFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<JobEventFeed>());
        services.AddScoped<TrainerCatalog>();
        services.AddScoped<AttemptReports>();
        return services;
    }
}
