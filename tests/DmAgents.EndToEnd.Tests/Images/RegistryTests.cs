using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>Images to a real registry and back, by skopeo.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class RegistryTests(AgentFixture agent)
{
    private const string Pool = "registry";

    // operator and "secret", by bcrypt.
    private const string Users = "operator:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";
    private const string Login = "b3BlcmF0b3I6c2VjcmV0";

    [Fact]
    public async Task An_image_is_pushed_with_credentials_and_pulled_again_as_it_was()
    {
        var home = $"{Places.State}/registry";
        Directory.CreateDirectory(home);
        await agent.Client.CreateLoopPool(Pool, 768UL << 20);
        await agent.Client.Import(Pool, await SmallImage.Write(Pool, 2_000_000, 3), "small:1");
        using var registry = await Registry.Start(home);
        await File.WriteAllTextAsync(
            $"{home}/auth.json", $$"""{"auths":{"{{registry.Address}}":{"auth":"{{Login}}"} } }""");
        var name = $"{registry.Address}/team/small:2";

        var refused = await Dmagent("image", "push", "small:1", name, "--insecure", "--authfile", "/dev/null");
        Assert.Equal(1, refused.Status);
        Assert.Contains("skopeo failed", refused.Errors, StringComparison.Ordinal);
        var pushed = await Dmagent("image", "push", "small:1", name, "--insecure", "--authfile", $"{home}/auth.json");
        Assert.True(pushed.Status == 0, $"{pushed}");
        Assert.Matches($"small:1 is {Regex.Escape(name)} as [0-9a-f]{{12}}", pushed.Output);
        var pulled = await Dmagent(
            "image", "pull", name, "--insecure", "--authfile", $"{home}/auth.json", "-t", "again:1");
        Assert.True(pulled.Status == 0, $"{pulled}");
        Assert.Contains("again:1 of the registry is ", pulled.Output, StringComparison.Ordinal);
        var missing = await Dmagent(
            "image", "pull", $"{registry.Address}/team/none:1", "--insecure", "--authfile", $"{home}/auth.json");
        Assert.Equal(1, missing.Status);

        var before = await agent.Client.Create(Pool, "before", "small:1");
        var after = await agent.Client.Create(Pool, "after", "again:1");
        Assert.Equal(Lines(before.MountPath), Lines(after.MountPath));
        await agent.Client.Remove(Pool, "before");
        await agent.Client.Remove(Pool, "after");
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
        Directory.Delete(home, recursive: true);
    }

    private Task<Finished> Dmagent(params string[] arguments) =>
        Shell.Run(Places.Cli, [.. arguments, "--pool", Pool, "--socket", agent.Places.Socket]);

    private static List<string> Lines(string directory)
    {
        Assert.True(LinuxFileTree.Open(directory, out var tree).IsDone);
        using (tree)
            return [.. FileTreeDigest.Lines(tree!)];
    }

    /// <summary>Debian's docker-registry on loopback.</summary>
    private sealed class Registry : IDisposable
    {
        private readonly Process _process;

        private Registry(Process process, string address) => (_process, Address) = (process, address);

        public string Address { get; }

        public static async Task<Registry> Start(string home)
        {
            var address = $"127.0.0.1:{FreePort()}";
            await File.WriteAllTextAsync($"{home}/users", Users);
            await File.WriteAllTextAsync($"{home}/config.yml", $"""
                version: 0.1
                log: [level: error]
                storage: [filesystem: [rootdirectory: {home}/blobs]]
                http: [addr: "{address}"]
                auth: [htpasswd: [realm: test, path: {home}/users]]
                """.Replace('[', '{').Replace(']', '}'));
            var info = Shell.Info("/usr/bin/docker-registry", "serve", $"{home}/config.yml");
            var process = Process.Start(info)!;
            // It would wait if no one read what it says.
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            var registry = new Registry(process, address);
            using var http = new HttpClient();
            var limit = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    var answer = await http.GetAsync(new Uri($"http://{address}/v2/"));
                    Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
                    return registry;
                }
                catch (HttpRequestException) when (limit.Elapsed < Patience.Limit && !registry._process.HasExited)
                {
                    await Task.Delay(100);
                }
            }
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
