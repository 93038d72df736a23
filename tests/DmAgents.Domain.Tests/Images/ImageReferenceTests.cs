using DmAgents.Domain.Images;

namespace DmAgents.Domain.Tests.Images;

public sealed class ImageReferenceTests
{
    [Theory]
    [InlineData("debian", "docker.io/library/debian:latest")]
    [InlineData("debian:12", "docker.io/library/debian:12")]
    [InlineData("docker.io/debian:12", "docker.io/library/debian:12")]
    [InlineData("index.docker.io/library/debian:12", "docker.io/library/debian:12")]
    [InlineData("team/app:1", "docker.io/team/app:1")]
    [InlineData("docker.io/team/app:1", "docker.io/team/app:1")]
    [InlineData("localhost/app:1", "localhost/app:1")]
    [InlineData("host:5000/app:1", "host:5000/app:1")]
    [InlineData("registry.example/team/app:1", "registry.example/team/app:1")]
    public void The_whole_reference_has_what_dockers_clients_leave_out(string reference, string whole)
    {
        Assert.Equal(whole, new ImageReference(reference).Whole);
        Assert.Equal(whole, new ImageReference(whole).Whole);
    }
}
