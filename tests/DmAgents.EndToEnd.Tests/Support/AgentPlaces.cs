using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>What belongs to one agent: its state directory, socket, configuration and log.</summary>
internal sealed record AgentPlaces(string Name)
{
    public string StateDirectory => $"{Places.State}/{Name}";

    public string Socket => $"{Places.Work}/{Name}.sock";

    /// <summary>Where the agent serves containerd.</summary>
    public string ContainerdSocket => $"{Places.Work}/{Name}-containerd.sock";

    public string Config => $"{Places.Work}/{Name}.conf";

    public string Log => $"{Places.Work}/{Name}.log";

    public string Pool(string pool) => $"{StateDirectory}/pools/{pool}";

    public string Mount(string pool, string name) => $"{Pool(pool)}/mnt/{name}";

    /// <summary>metadata/ and mnt/ of a pool hold nothing of an import. Both follow what happens by a second at most,
    /// and a pool that never had anything may have neither.</summary>
    public void MustShowNoImport(string pool)
    {
        foreach (var directory in new[] { $"{Pool(pool)}/metadata", $"{Pool(pool)}/mnt" })
        {
            Eventually.True(
                () => !Directory.Exists(directory)
                    || !Directory.EnumerateFileSystemEntries(directory, "import*").Any(),
                $"{directory} holds nothing of an import");
        }
    }

    /// <summary>Short intervals, so that what happens in the background is soon seen.</summary>
    /// <param name="pool">Settings of pools besides, one on a line.</param>
    /// <param name="more">Other settings besides, likewise.</param>
    public void WriteConfig(string pool = "", string more = "") => File.WriteAllText(Config, $$"""
        dmagents {
          state-directory = "{{StateDirectory}}"
          admin.socket = "{{Socket}}"
          containerd.socket = "{{ContainerdSocket}}"
          pool {
            base-size = "1GiB"
            status-interval = 300ms
            retry-interval = 300ms
            outcome-delay = 50ms
            full-wait = 2s
            extend.volume-group = storm-group
            extend.volume-by-percent = 60
            {{pool}}
          }
          stop-deadline = 5s
          {{more}}
        }
        """);
}
