using System.Globalization;

namespace DmAgents.Agent.Hosting;

/// <summary>The group whose members may use the admin API.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its number; null if the host has no such group.</param>
internal sealed record AdminGroup(string Name, uint? Id)
{
    /// <summary>0 if the agent runs as root; otherwise a number that no process has.</summary>
    public static uint OwnUser { get; } = Environment.IsPrivilegedProcess ? 0 : uint.MaxValue;

    /// <summary>Searches /etc/group: a storage agent's group is a local one.</summary>
    public static AdminGroup Find(string name)
    {
        foreach (var line in File.Exists("/etc/group") ? File.ReadLines("/etc/group") : [])
        {
            var fields = line.Split(':');
            if (fields.Length >= 3 && fields[0] == name
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                return new AdminGroup(name, id);
        }
        return new AdminGroup(name, null);
    }
}
