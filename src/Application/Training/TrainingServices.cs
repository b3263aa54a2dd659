using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

public static class TrainingServices
{
    /// <summary>Registers jobs, attempts, trainers and the job event feed.</summary>
    public static IServiceCollection AddTraining(this IServiceCollection services)
    {
        services.AddSingleton<TrainerClient>();
        services.AddSingleton(provider => new ContainerAppsJobs(
            provider.GetRequiredService<TrainerSettings>(), ContainerAppsJobs.OfTheHost, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ContainerAppsJobs>>()));
        services.AddScoped<TrainerLaunch>();
        services.AddSingleton<JobEventFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<JobEventFeed>());
        services.AddScoped<TrainerCatalog>();
        services.AddScoped<AttemptInputs>();
        services.AddScoped<TrainerRequestBuilder>();
        services.AddScoped<JobLifecycle>();
        services.AddScoped<WeightsLifecycle>();
        services.AddScoped<AttemptLifecycle>();
        services.AddScoped<JobCompletion>();
        services.AddScoped<EventIngest>();
        services.AddScoped<AttemptFiles>();
        services.AddScoped<SweepLifecycle>();
        services.AddScoped<CheckpointRemoval>();
        services.AddScoped<PredictedImages>();
        services.AddScoped<PredictionComparison>();
        services.AddScoped<PredictionLifecycle>();
        services.AddScoped<ProposalRuns>();
        services.AddScoped<ProposalSteps>();
        services.AddScoped<ProposalDecisions>();
        services.AddScoped<JobRecords>();
        services.AddScoped<JobRecordKeeping>();
        services.AddScoped<QueueWatch>();
        services.AddSingleton<TrainingGauges>();
        return services;
    }
}
