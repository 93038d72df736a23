using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>The replies to commands that succeeded.</summary>
public static class PoolSuccess
{
    /// <param name="device">The command's device, in its present state.</param>
    /// <param name="removed">Devices that were removed with it.</param>
    /// <param name="alreadySo">Nothing had to change.</param>
    public static PoolReplies.Success Of(
        PoolCommand command, DeviceRecord? device, ImmutableArray<DeviceRecord> removed, bool alreadySo) =>
        command switch
        {
            PoolCommands.CreateSnapshot or PoolCommands.CreateView or PoolCommands.Receive =>
                new PoolReplies.Created(command.Request, device, alreadySo),
            PoolCommands.NoteContent => new PoolReplies.ContentNoted(command.Request, alreadySo),
            PoolCommands.SetLabels => new PoolReplies.LabelsSet(command.Request, alreadySo),
            PoolCommands.Commit or PoolCommands.CommitLive =>
                new PoolReplies.Committed(command.Request, device, alreadySo),
            PoolCommands.SetUse => new PoolReplies.UseSet(command.Request, device, alreadySo),
            PoolCommands.Confirm => new PoolReplies.Confirmed(command.Request, device, alreadySo),
            PoolCommands.Resize => new PoolReplies.Resized(command.Request, device, alreadySo),
            PoolCommands.Remove => new PoolReplies.Removed(command.Request, device, alreadySo),
            PoolCommands.TagImage => new PoolReplies.ImageTagged(command.Request, removed, alreadySo),
            PoolCommands.UntagImage => new PoolReplies.ImageUntagged(command.Request, removed, alreadySo),
            PoolCommands.Undelete => new PoolReplies.Undeleted(command.Request, device, alreadySo),
            _ => OfWhole(command, alreadySo),
        };

    /// <summary>The reply to a command that changed no device: it was already so, or the command concerns the whole
    /// pool.</summary>
    public static PoolReplies.Success Of(PoolCommand command, bool alreadySo) =>
        Of(command, device: null, removed: [], alreadySo);

    private static PoolReplies.Success OfWhole(PoolCommand command, bool alreadySo) => command switch
    {
        PoolCommands.Initialize => new PoolReplies.PoolCreated(command.Request, alreadySo),
        PoolCommands.Adopt or PoolCommands.TakeOver => new PoolReplies.PoolAdopted(command.Request, alreadySo),
        PoolCommands.ConfirmTakeover => new PoolReplies.TakeoverConfirmed(command.Request, alreadySo),
        PoolCommands.Grow => new PoolReplies.Grown(command.Request, alreadySo),
        PoolCommands.SetSpares => new PoolReplies.SparesSet(command.Request, alreadySo),
        PoolCommands.Purge => new PoolReplies.Purged(command.Request, alreadySo),
        PoolCommands.Retire => new PoolReplies.Retired(command.Request, alreadySo),
        PoolCommands.Repair => new PoolReplies.Repaired(command.Request, alreadySo),
        PoolCommands.RepairMetadata => new PoolReplies.MetadataRepaired(command.Request, alreadySo),
        PoolCommands.DiscardMetadata => new PoolReplies.MetadataDiscarded(command.Request, alreadySo),
        PoolCommands.Return => new PoolReplies.Returned(command.Request, alreadySo),
        PoolCommands.NoteBackup => new PoolReplies.BackupNoted(command.Request, alreadySo),
        PoolCommands.Trim => new PoolReplies.Trimmed(command.Request, FileSystems: [], alreadySo),
        _ => throw new InvalidOperationException($"a pool does not know the command {command.GetType().Name}"),
    };
}
