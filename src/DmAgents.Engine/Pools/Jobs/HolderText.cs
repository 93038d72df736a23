using DmAgents.Domain.Ports;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>Names the holders of a device, for people.</summary>
internal static class HolderText
{
    /// <summary>Empty if no holder was found.</summary>
    public static string Of(IReadOnlyList<DeviceHolder> holders) =>
        string.Join(", ", holders.Take(3).Select(Of)) + (holders.Count > 3 ? $" and {holders.Count - 3} more" : "");

    private static string Of(DeviceHolder holder) => holder.ProcessId is { } pid
        ? $"{holder.What} {holder.Where} of process {pid}" + (holder.Command.Length > 0 ? $" ({holder.Command})" : "")
        : $"{holder.What} {holder.Where}";
}
