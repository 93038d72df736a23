using DmAgents.Api.Admin.V1;

namespace DmAgents.Agent.Services;

/// <summary>What repairing a pool's metadata would do, in the API's terms.</summary>
internal static class MetadataRepairViews
{
    public static MendPlan Plan(MetadataRepairTrial trial)
    {
        var plan = new MendPlan
        {
            Pool = trial.Pool.Value,
            Action = trial.Action switch
            {
                RepairAction.Reopen => MendPlan.Types.Action.Reopen,
                RepairAction.ClearMark => MendPlan.Types.Action.ClearMark,
                RepairAction.Replace => MendPlan.Types.Action.Replace,
                _ => throw new ArgumentOutOfRangeException(nameof(trial), trial.Action, "Not an action"),
            },
            Verdict = trial.Verdict,
            Present = trial.Present.Text,
            Place = trial.Place?.Text ?? "",
            PlaceBytes = trial.Place?.Size.Bytes ?? 0,
            TransactionId = trial.TransactionId.Value,
            JournalTransactionId = trial.JournalTransactionId.Value,
            Whole = (uint)trial.Whole,
        };
        if (trial.Obstacle is { } obstacle)
        {
            plan.ObstacleKind = Problems.KindOf(obstacle.Kind);
            plan.Obstacle = obstacle.Why;
            plan.ObstacleNext = obstacle.Next;
        }
        plan.Steps.Add(CheckViews.Steps(trial.Steps));
        plan.Devices.Add(trial.Devices.Select(Device));
        plan.Warnings.Add(trial.Warnings);
        return plan;
    }

    private static MendedDevice Device(AffectedThin device) => new()
    {
        ThinId = device.Id.Value,
        Key = device.Key is { } key ? KeyText.Of(key) : "",
        Fate = device.Fate switch
        {
            RepairFate.Lost => MendedDevice.Types.Fate.Lost,
            RepairFate.Short => MendedDevice.Types.Fate.Short,
            RepairFate.Back => MendedDevice.Types.Fate.Back,
            RepairFate.Unknown => MendedDevice.Types.Fate.Unknown,
            _ => throw new ArgumentOutOfRangeException(nameof(device), device.Fate, "Not a fate"),
        },
        MappedBeforeBytes = device.Before.Bytes,
        MappedAfterBytes = device.After.Bytes,
    };
}
